import { textHash } from './text-hash.ts';

/** Which ids of tool calls a provider takes. */
export type ToolIdStyle =
  /** Any, up to 40 characters (OpenAI). */
  | 'short'
  /** Exactly nine letters and digits (Mistral). */
  | 'nine'
  /** `functions.<name>:<n>`, counted through the conversation (Kimi K2, which leaks its markers into the text with others). */
  | 'kimi';

const LONGEST_FOR_PROVIDER = 40;
const LONGEST_FOR_CLIENT = 64;

/** Gives the calls of one conversation, in their order, ids that the provider takes, no two the same. */
export class ProviderToolIds {
  readonly #style: ToolIdStyle;
  readonly #used = new Set<string>();
  #count = 0;

  constructor(style: ToolIdStyle) {
    this.#style = style;
  }

  next(id: string, name: string): string {
    const count = this.#count++;
    if (this.#style === 'kimi') return `functions.${name}:${count}`;
    let given = this.#form(id, id);
    for (let salt = 2; this.#used.has(given); salt++) given = this.#form('', `${id} ${salt}`);
    this.#used.add(given);
    return given;
  }

  #form(id: string, source: string): string {
    if (this.#style === 'nine') return /^[a-zA-Z0-9]{9}$/.test(id) ? id : textHash(source).slice(-9);
    return id !== '' && id.length <= LONGEST_FOR_PROVIDER ? id : `call_${textHash(source)}`;
  }
}

/**
 * Gives the calls of one answer ids that every Anthropic endpoint takes back (letters, digits, `_`, `-`), unlike all of the conversation:
 * some servers begin anew with each message.
 */
export class ClientToolIds {
  readonly #used: Set<string>;
  readonly #seed: string;
  #count = 0;

  /** @param seed differs from request to request; missing ids are made of it. */
  constructor(used: Iterable<string>, seed: string) {
    this.#used = new Set(used);
    this.#seed = seed;
  }

  next(id: string | undefined): string {
    const count = this.#count++;
    const made = `toolu_${textHash(`${this.#seed} ${count}`)}`;
    let given = id === undefined ? made : clean(id);
    for (let salt = 2; this.#used.has(given); salt++) given = `${made}_${salt}`;
    this.#used.add(given);
    return given;
  }
}

function clean(id: string): string {
  if (id.length <= LONGEST_FOR_CLIENT && /^[a-zA-Z0-9_-]+$/.test(id)) return id;
  const beginning = id.slice(0, 40).replace(/[^a-zA-Z0-9_-]/g, '_');
  return `${beginning}_${textHash(id).slice(-8)}`;
}
