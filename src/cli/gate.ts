import type { Configuration } from '../domain/settings/settings.ts';

/** What a program needs to know of the balancer. */
export interface Gate {
  readonly url: string;
  /** The key that the balancer asks for; undefined: it asks for none. */
  readonly key?: string;
  /** A provider takes the client's own credentials, so they have to come. */
  readonly passthrough: boolean;
}

/** A balancer for a program. `close`: what there is to complain about, once the program has ended. */
export type OpenGate =
  | { readonly kind: 'open'; readonly gate: Gate; close(): Promise<string | undefined> }
  | { readonly kind: 'none'; readonly code: number; readonly message: string };

/** Whether an enabled provider takes the client's own credentials. */
export function hasPassthrough({ providers }: Configuration): boolean {
  return providers.some(({ enabled, credential }) => enabled && credential.kind === 'passthrough');
}
