import { afterEach } from 'vitest';
import { type Balancer, serve } from '../../src/cli/serve.ts';
import { type LoadResult, parseConfiguration } from '../../src/config/parse.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import type { ReloadOutcome } from '../../src/http/context.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import type { BalancerEvent, RequestEnded } from '../../src/telemetry/events.ts';
import type { TokenCounter } from '../../src/tokens/token-counter.ts';
import { type Answer, type Exchange, fetchAnswer, messagesBody, type PostOptions, send } from './client.ts';
import { ManualClock } from './manual-clock.ts';
import type { ProvidersView, ProviderView } from './providers-view.ts';
import { eventually } from './recording.ts';
import { SIZE_COUNTER } from './size-counter.ts';

/** What stands in the configuration file, in the file's own words. */
export interface BenchFile {
  readonly providers: readonly Readonly<Record<string, unknown>>[];
  readonly model_routes?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A whole balancer on loopback whose clock stands still until the test moves it, and whose chance gives no jitter. */
export interface Bench {
  readonly url: string;
  readonly clock: ManualClock;
  readonly balancer: Balancer;
  /** Everything it told, in order. */
  readonly events: readonly BalancerEvent[];
  /** Sends a Messages request. */
  messages(options?: PostOptions): Exchange;
  count(options?: PostOptions): Promise<Answer>;
  view(): Promise<ProvidersView>;
  provider(name: string): Promise<ProviderView>;
  post(path: string): Promise<Answer>;
  /** Resolves with the n-th `request.ended` (from 1). */
  ended(number: number): Promise<RequestEnded>;
  until(what: string, holds: () => boolean): Promise<void>;
  /** Replaces the file and has it read. */
  reload(file: BenchFile | string): Promise<ReloadOutcome>;
}

export interface BenchOptions {
  readonly clock?: ManualClock;
  /** Default: counts by size, without a thread. */
  readonly tokens?: TokenCounter;
}

/** The body that the tests send: odd spacing and order, so that a re-encoded copy would differ. */
export const BODY = `{ "max_tokens":1024,"model" : "claude-sonnet-5-5",\n "messages":[{"role":"user","content":"Grüß dich \\u00e4 “quoted”"}],  "stream":true, "x_unknown":[1.50, null] }`;

/** The same without a stream. */
export const WHOLE_BODY = BODY.replace('"stream":true', '"stream":false');

/** The credential that `entry` gives a provider. */
export function keyOf(name: string): string {
  return `secret-key-of-${name}`;
}

/** A simulated provider as an entry of the file. */
export function entry(
  provider: { readonly name: string; readonly url: string },
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { name, url } = provider;
  return {
    name,
    type: 'anthropic',
    base_url: url,
    auth_type: 'api_key',
    auth_value: keyOf(name),
    ...changes,
  };
}

/**
 * Starts balancers that are gone after each test. To be called at the top of a test file. A file given as text is read as
 * it stands, its affinity included, but for where it listens.
 */
export function useBench(): (file: BenchFile | string, options?: BenchOptions) => Promise<Bench> {
  const running: Balancer[] = [];
  afterEach(async () => {
    for (const balancer of running.splice(0)) await balancer.stop();
  });
  return async (file, { clock = new ManualClock(), tokens = SIZE_COUNTER } = {}) => {
    const events: BalancerEvent[] = [];
    let current = read(file);
    const served = await serve({
      configuration: configurationOf(current),
      env: {},
      clock,
      tokens,
      random: () => 0.5,
      observe: (event) => events.push(event),
      load: async () =>
        current.ok
          ? { kind: 'loaded', configuration: configurationOf(current) }
          : { kind: 'rejected', errors: messagesOf(current) },
    });
    if (served.kind === 'failed') throw new Error(served.message);
    const { balancer } = served;
    running.push(balancer);
    return benchOf(balancer, clock, events, (next) => {
      current = read(next);
    });
  };
}

function benchOf(
  balancer: Balancer,
  clock: ManualClock,
  events: readonly BalancerEvent[],
  write: (file: BenchFile | string) => void,
): Bench {
  const { url } = balancer.server;
  const view = async (): Promise<ProvidersView> =>
    (await fetchAnswer(`${url}/providers`)).json() as ProvidersView;
  return {
    url,
    clock,
    balancer,
    events,
    messages: (options) => send(`${url}/v1/messages?beta=true`, { body: BODY, ...options }),
    count: (options) =>
      fetchAnswer(`${url}/v1/messages/count_tokens?beta=true`, {
        body: messagesBody({ stream: undefined, max_tokens: undefined }),
        ...options,
      }),
    view,
    async provider(name) {
      const found = (await view()).providers.find((provider) => provider.name === name);
      if (found === undefined) throw new Error(`/providers shows no ${name}`);
      return found;
    },
    post: (path) => fetchAnswer(url + path, { method: 'POST' }),
    async ended(number) {
      await eventually(`the end of request ${number}`, () => endsOf(events).length >= number);
      const end = endsOf(events)[number - 1];
      if (end === undefined) throw new Error('no such request');
      return end;
    },
    until: eventually,
    async reload(file) {
      write(file);
      return balancer.reload();
    },
  };
}

function endsOf(events: readonly BalancerEvent[]): readonly RequestEnded[] {
  return events.filter((event) => event.type === 'request.ended');
}

function read(file: BenchFile | string): LoadResult {
  if (typeof file === 'string') return parseConfiguration(file, { env: {} });
  const { sticky_provider_duration = 0, ...settings } = file.settings ?? {};
  const text = JSON.stringify({ ...file, settings: { port: 0, sticky_provider_duration, ...settings } });
  return parseConfiguration(text, { env: {} });
}

function configurationOf(read: LoadResult): Configuration {
  if (!read.ok) throw new Error(messagesOf(read).join('\n'));
  const { configuration } = read;
  return { ...configuration, settings: { ...configuration.settings, host: '127.0.0.1', port: 0 } };
}

function messagesOf({ diagnostics }: LoadResult): readonly string[] {
  return diagnostics.map(({ message }) => message);
}

/** The values of a received request's header that carry a credential. */
export function credentialsOf(request: ReceivedRequest): readonly (string | undefined)[] {
  return [request.header('x-api-key'), request.header('authorization')];
}
