/** How much is done. */
export interface Effort {
  readonly rounds: number;
  /** CPU time is taken over so many requests of 1 KB; of larger ones fewer. */
  readonly requests: number;
  /** Times are taken over so many requests in a row. */
  readonly timed: number;
  /** CPU time and delays of stream events are taken over so long, ms. */
  readonly streamMs: number;
  /** Rounds of a thousand streams, each with processes of its own. */
  readonly manyRounds: number;
  /** So many requests warm a process before anything of it is measured. */
  readonly warming: number;
  /** So many sessions are known where they are many. */
  readonly sessions: number;
}

export const FULL: Effort = {
  rounds: 9,
  requests: 2_000,
  timed: 200,
  streamMs: 2_500,
  manyRounds: 3,
  warming: 8_000,
  sessions: 10_000,
};

export const QUICK: Effort = {
  rounds: 3,
  requests: 400,
  timed: 80,
  streamMs: 800,
  manyRounds: 1,
  warming: 500,
  sessions: 1_000,
};
