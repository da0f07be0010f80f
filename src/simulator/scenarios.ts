import type { Behaviour } from './behaviour.ts';
import type { Scenario } from './scenario.ts';
import { ANSWER_SCENARIOS } from './scenarios-answer.ts';
import { CONNECTION_SCENARIOS } from './scenarios-connection.ts';
import { HTTP_SCENARIOS } from './scenarios-http.ts';
import { EARLY_STREAM_SCENARIOS, LATE_STREAM_SCENARIOS } from './scenarios-stream.ts';

/**
 * The catalogue: every answer and every failure by name. Those that are no HTTP server at all are in
 * `address-faults.ts`.
 */
const SCENARIOS = {
  ...ANSWER_SCENARIOS,
  ...HTTP_SCENARIOS,
  ...CONNECTION_SCENARIOS,
  ...EARLY_STREAM_SCENARIOS,
  ...LATE_STREAM_SCENARIOS,
} as const;

export type ScenarioName = keyof typeof SCENARIOS;

/** Names that older test equipment used for one of the above. */
const OLDER_NAMES: Readonly<Record<string, ScenarioName>> = { error: 'internal_server_error' };

/** All names, good answers first. */
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[];

/** Scenarios that another candidate can mend unseen, or that end the request for good, in the catalogue's order. */
export const FAILURE_NAMES: readonly ScenarioName[] = SCENARIO_NAMES.filter(
  (name) => SCENARIOS[name].expected !== 'success',
);

export function scenario(name: ScenarioName): Scenario {
  return SCENARIOS[name];
}

/** A scenario's behaviour by a name that comes from outside, older names included; undefined if there is none. */
export function behaviourNamed(name: string): Behaviour | undefined {
  const known = OLDER_NAMES[name] ?? SCENARIO_NAMES.find((candidate) => candidate === name);
  return known && SCENARIOS[known].behaviour;
}
