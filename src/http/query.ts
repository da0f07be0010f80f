import * as v from 'valibot';
import type { HttpContext } from './context.ts';
import { problemResponse } from './problem.ts';

export type QueryValue<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'refused'; readonly response: Response };

/** A query parameter as its schema reads it; what does not fit is refused with a 400 that names it. */
export function queryValue<S extends v.GenericSchema<string | undefined, unknown>>(
  c: HttpContext,
  name: string,
  schema: S,
): QueryValue<v.InferOutput<S>> {
  const result = v.safeParse(schema, c.req.query(name));
  if (result.success) return { kind: 'value', value: result.output };
  const reasons = result.issues.map(({ message }) => message).join(' ');
  return { kind: 'refused', response: problemResponse(c, { status: 400, message: `${name}: ${reasons}` }) };
}
