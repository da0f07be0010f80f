/** What a strict server of Chat Completions says of a request, and what its rules are written with. */

export type Fields = Readonly<Record<string, unknown>>;

/** An error body of OpenAI's. */
export interface RuleBroken {
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** What names of functions look like. */
export const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

export function unknownParameter(name: string): RuleBroken {
  return { message: `Unknown parameter: '${name}'.`, param: name, code: 'unknown_parameter' };
}

export function invalid(message: string, param: string | null): RuleBroken {
  return { message, param, code: null };
}
