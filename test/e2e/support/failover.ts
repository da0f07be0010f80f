import type { ExpectStatic } from 'vitest';
import type { FailureKind } from '../../../src/domain/failures/outcome.ts';
import type { SimulatedProvider } from '../../../src/simulator/provider.ts';
import type { ReceivedRequest } from '../../../src/simulator/received-request.ts';
import { entry, keyOf, type ProviderEntry, type RunningBalancer } from './balancer.ts';
import { CLIENT_KEY } from './claude.ts';
import type { Stage } from './stage.ts';

/** What the healthy provider answers. */
export const ANSWER = 'The second provider says hello.';

/** A failure that nothing but a timer of the balancer ends: that timer is short, every other one as always. */
export const IMPATIENT = { streaming: { connect_timeout: 2, read_timeout: 2, first_content_timeout: 2 } };

export interface FailoverScene {
  readonly balancer: RunningBalancer;
  readonly second: SimulatedProvider;
}

/** A balancer with a failing provider before a healthy one. */
export async function stageFailover(stage: Stage, first: ProviderEntry): Promise<FailoverScene> {
  const second = await stage.provider({ name: 'second', behaviour: { kind: 'message', text: ANSWER } });
  const balancer = await stage.balancer({ providers: [first, entry('second', second.url)] });
  return { balancer, second };
}

/**
 * Runs the client and holds what a user must never notice against what happened: one request, the answer printed, a
 * clean exit; the second provider got the client's very bytes and no credential but its own.
 */
export async function expectUnseenFailover(
  expect: ExpectStatic,
  stage: Stage,
  { balancer, second }: FailoverScene,
  kind: FailureKind,
): Promise<void> {
  const result = await stage.claude(balancer.url);
  const ended = await balancer.events.next('request.ended');
  expect(ended.trace.attempts.map(({ candidate, outcome }) => [candidate.provider, outcome?.kind])).toEqual([
    ['first', kind],
    ['second', 'success'],
  ]);
  expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
  expect(ended.result).toBe('served');

  const { requests } = balancer.tap;
  expect(requests.map(({ method, path }) => [method, path])).toEqual([['POST', '/v1/messages?beta=true']]);
  expect(second.requests).toHaveLength(1);
  for (const received of second.requests) {
    expect(received.body.equals(requests[0]?.body ?? Buffer.alloc(0))).toBe(true);
    expectOnlyOwnKey(expect, received, 'second');
  }
}

/** A provider sees its own credential and nobody else's, anywhere in its request. */
export function expectOnlyOwnKey(expect: ExpectStatic, received: ReceivedRequest, name: string): void {
  expect(received.header('x-api-key')).toBe(keyOf(name));
  const whole = `${received.rawHeaders.join('\n')}\n${received.body.toString('latin1')}`;
  expect(whole).not.toContain(CLIENT_KEY);
  for (const other of ['first', 'second'].filter((each) => each !== name)) {
    expect(whole).not.toContain(keyOf(other));
  }
}
