import { expect } from 'vitest';
import type { FailureKind } from '../../src/domain/failures/outcome.ts';
import type { ProviderOptions, SimulatedProvider } from '../../src/simulator/provider.ts';
import type { Exchange } from './client.ts';
import { type Bench, type BenchFile, BODY, entry, keyOf, WHOLE_BODY } from './engine-bench.ts';
import { type ProviderView, traceOf } from './providers-view.ts';

/** What a row of docs/failures.md promises, written down once more by hand: the table itself is what is tested. */
export interface Row {
  readonly blame: 'provider' | 'pair' | 'nobody';
  /** `second`: cools with the second failure, the threshold. */
  readonly cools: 'second' | 'at_once' | 'never';
  /** Length of the cooldown, s. */
  readonly seconds: number;
  /** After a failed trial, s; absent: not looked at. */
  readonly grown?: number;
}

const COUNTED: Row = { blame: 'provider', cools: 'second', seconds: 60, grown: 120 };
const INNOCENT: Row = { blame: 'nobody', cools: 'never', seconds: 0 };

/** Every outcome that another candidate can mend. */
export const MENDABLE_ROWS = {
  unreachable: COUNTED,
  cut_early: COUNTED,
  stalled: { blame: 'provider', cools: 'second', seconds: 60 },
  not_an_answer: COUNTED,
  server_error: COUNTED,
  timeout_like: COUNTED,
  overloaded: { blame: 'pair', cools: 'second', seconds: 10, grown: 20 },
  burst_limited: { blame: 'pair', cools: 'second', seconds: 5, grown: 10 },
  rate_limited: { blame: 'pair', cools: 'at_once', seconds: 1800, grown: 1800 },
  quota: { blame: 'provider', cools: 'at_once', seconds: 60, grown: 120 },
  credentials: { blame: 'provider', cools: 'at_once', seconds: 60, grown: 120 },
  model_missing: { blame: 'pair', cools: 'at_once', seconds: 600, grown: 1200 },
  too_large: INNOCENT,
  refused: INNOCENT,
  foreign_signature: INNOCENT,
} as const satisfies Partial<Record<FailureKind, Row>>;

export type MendableKind = keyof typeof MENDABLE_ROWS;

/** What a check needs to set itself up. */
export interface RowTools {
  readonly balance: (file: BenchFile) => Promise<Bench>;
  readonly start: (options?: Partial<ProviderOptions>) => Promise<SimulatedProvider>;
  /** How long the second provider is waited for, ms; default 5000. */
  readonly patienceMs?: number;
}

export interface RowCase {
  readonly kind: FailureKind;
  readonly row: Row;
  readonly stream: boolean;
  /** It ends only by a timer: at this time exactly, ms. */
  readonly waitMs?: number;
  /** … which begins when the start of the message is with the balancer. */
  readonly begins?: boolean;
}

/** A provider that fails: a simulated one, or an address without any. */
export interface Failing {
  readonly name: string;
  readonly url: string;
  readonly requests?: SimulatedProvider['requests'];
}

const MODEL = 'claude-sonnet-5-5';
const TIMEOUTS = { non_streaming: { read_timeout: 200 } };

/**
 * Walks one row through a whole balancer: the second provider answers unseen, and the first one's health shows what
 * the row says, after the first failure, after the second, and after a failed trial.
 */
export async function checkRow(
  tools: RowTools,
  failing: Failing,
  { kind, row, ...how }: RowCase,
): Promise<void> {
  const good = await tools.start({ name: 'good', behaviour: { kind: 'message', hold: 'before_last' } });
  const bench = await tools.balance({
    providers: [entry(failing, { timeouts: TIMEOUTS }), entry(good)],
  });
  let requests = 0;
  const mended = async (): Promise<void> => {
    requests += 1;
    await checkFailover(bench, failing, good, { patienceMs: tools.patienceMs ?? 5000, ...how });
    await bench.ended(requests);
  };

  await mended();
  const once = await bench.provider(failing.name);
  expect(once.last_error?.kind ?? lastFailure(bench)).toBe(kind);
  checkHealth(once, row, row.cools === 'at_once' ? row.seconds : null, row.cools === 'second' ? 1 : 0);
  if (row.cools !== 'at_once') {
    await mended();
    checkHealth(await bench.provider(failing.name), row, row.cools === 'second' ? row.seconds : null, 2);
  }
  expect(lastFailure(bench)).toBe(kind);
  if (row.cools === 'never') {
    expect(bench.events.filter(({ type }) => type === 'health.changed')).toEqual([]);
    return;
  }
  checkCause(bench, kind);
  // A request without a stream is no trial while somebody else can answer.
  if (row.grown === undefined || !how.stream) return;
  // While it cools nobody goes there; after its time one request tries it, and it cools longer.
  const before = failing.requests?.length;
  await checkUntouched(bench, good, how.stream);
  requests += 1;
  await bench.ended(requests);
  expect(failing.requests?.length).toBe(before);
  bench.clock.advance(row.seconds * 1000);
  await mended();
  checkHealth(await bench.provider(failing.name), row, row.grown, 2);
}

/** One request that fails at the first provider and is answered by the second. */
async function checkFailover(
  bench: Bench,
  failing: Failing,
  good: SimulatedProvider,
  {
    stream,
    waitMs,
    begins,
    patienceMs,
  }: Pick<RowCase, 'stream' | 'waitMs' | 'begins'> & { readonly patienceMs: number },
): Promise<void> {
  const body = stream ? BODY : WHOLE_BODY;
  const seen = failing.requests?.length ?? 0;
  const answer = bench.messages({ body });
  if (waitMs !== undefined) {
    await bench.until('the first attempt', () => attemptsUnderWay(bench, failing) > 0);
    if (failing.requests !== undefined)
      await bench.until('the request upstream', () => (failing.requests?.length ?? 0) > seen);
    if (begins === true) {
      const held = (): number => bench.balancer.engine.status().bufferedBytes;
      await bench.until('the start of the message', () => held() > Buffer.byteLength(body));
    }
    bench.clock.advance(waitMs);
  }
  const second = await good.nextRequest(patienceMs);
  expect(second.body.toString()).toBe(body);
  expect(second.header('x-api-key')).toBe(keyOf(good.name));
  expect(second.header('authorization')).toBeUndefined();
  expect(second.rawHeaders.join('\n')).not.toContain(keyOf(failing.name));
  expect(second.rawHeaders.join('\n')).not.toContain('client-key');
  for (const first of failing.requests?.slice(seen) ?? []) {
    if (first.complete) expect(first.body.toString()).toBe(body);
    expect(first.header('x-api-key')).toBe(keyOf(failing.name));
  }
  await checkAnswer(answer, second, stream);
}

/** The first delta is with the client while the provider still holds the last event. */
async function checkAnswer(
  answer: Exchange,
  served: SimulatedProvider['requests'][number],
  stream: boolean,
): Promise<void> {
  if (stream) {
    await answer.text('content_block_delta');
    await served.held;
    expect(Buffer.concat(answer.chunks).toString()).not.toContain('message_stop');
  }
  served.release();
  const whole = await answer.end;
  expect(whole.status).toBe(200);
  expect(whole.end).toBe('complete');
  expect(whole.text).toContain(stream ? 'message_stop' : '"type":"message"');
  expect(whole.text).not.toContain('"error"');
}

async function checkUntouched(bench: Bench, good: SimulatedProvider, stream: boolean): Promise<void> {
  const answer = bench.messages({ body: stream ? BODY : WHOLE_BODY });
  await checkAnswer(answer, await good.nextRequest(), stream);
}

function attemptsUnderWay(bench: Bench, failing: Failing): number {
  const { providers } = bench.balancer.engine.status();
  return providers.find(({ name }) => name === failing.name)?.requests.inFlight ?? 0;
}

function lastFailure(bench: Bench): string | undefined {
  return bench.events.filter((event) => event.type === 'request.attempt_failed').at(-1)?.failure.kind;
}

/** Only what the row names has a trace of it. */
function checkHealth(view: ProviderView, row: Row, cools: number | null, failures: number): void {
  const nothing = { failures: '0/2', cools: null };
  const counted = row.cools === 'second' ? failures : 0;
  const something = { failures: `${counted}/2`, cools };
  expect(traceOf(view)).toEqual(row.blame === 'provider' ? something : nothing);
  expect(view.pairs.map((pair) => ({ model: pair.model, ...traceOf(pair) }))).toEqual(
    row.blame === 'pair' ? [{ model: MODEL, ...something }] : [],
  );
  expect(view.endpoints).toEqual([]);
}

/** A change of health names the request, the attempt, the outcome and the rule. */
function checkCause(bench: Bench, kind: FailureKind): void {
  const change = bench.events.filter((event) => event.type === 'health.changed').at(-1);
  expect(change).toMatchObject({ to: 'cooling', cause: { kind }, attempt: 1 });
  expect(change?.rule).not.toBe('');
  expect(change?.requestId).toMatch(/^req_/);
  expect(change?.coolingUntil).toBeGreaterThan(0);
}
