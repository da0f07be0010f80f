/** What is wrong with a request, in the terms of OpenAI's error envelope. */
export interface ChatRefusal {
  readonly message: string;
  /** The field that it is about, as OpenAI writes it: `messages[2].content[0]`. */
  readonly param: string | null;
  readonly code: string;
}

/** Collects what of a request cannot be served, however deep it is found; the client is told the first. */
export class Refusals {
  #first: ChatRefusal | undefined;

  /** @param message a whole sentence: what is wrong, and what to send instead. */
  add(param: string | null, message: string, code = 'unsupported_value'): void {
    this.#first ??= { message, param, code };
  }

  get first(): ChatRefusal | undefined {
    return this.#first;
  }
}
