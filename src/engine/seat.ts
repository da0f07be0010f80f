import type { RequestEnded, RequestFacts } from '../telemetry/events.ts';
import type { ClientReply } from './client-reply.ts';

/** One client of an exchange, be it the one it began for or one that joined. */
export interface Seat {
  readonly client: ClientReply;
  readonly facts: RequestFacts;
  /** Whether it wants a stream. */
  readonly stream: boolean;
  readonly maxTokens: number | undefined;
  /** Where it may be answered; undefined: anywhere. */
  readonly pinnedTo: ReadonlySet<string> | undefined;
  /** Wall clock ms: until then it has its first content or its final error. */
  readonly deadlineAt: number;
  /** Its answer has begun: nothing of its request is needed any more. */
  committed(): void;
  /** The answer has begun, in another form than the one it wants: it waits for its end. */
  waitsForEnd(): void;
  /** It has got everything that it will get. */
  ended(result: RequestEnded['result']): void;
  /** Nothing was sent to it and nothing will come from here. `alone`: it is not to join anyone again. */
  goOwnWay(alone: boolean): void;
}

/** Whether `one` may be answered at more length than `other`. */
export function allowsMore(one: number | undefined, other: number | undefined): boolean {
  if (one === other) return false;
  return one === undefined || other === undefined || !(one <= other);
}
