import type {
  Answer,
  CacheStatus,
  Cleared,
  ClientRequest,
  Departure,
  Engine,
  EngineStatus,
  ModelInfo,
  OperatorAction,
  ProviderStatus,
  Reply,
  ReplyFlow,
  ReplySink,
  ReplyStream,
} from '../../src/engine/interface.ts';

export type Submit = (request: ClientRequest, departure: Departure) => Promise<Reply>;

/** An engine that answers as a test says, and remembers what it was asked. */
export class FakeEngine implements Engine {
  readonly requests: ClientRequest[] = [];
  readonly operations: [string, OperatorAction][] = [];
  readonly cleanups: boolean[] = [];
  cleared: Cleared = { sessions: 0, modelLists: 0, answers: 0 };
  kept: CacheStatus = { entries: 0, bytes: 0, hits: 0, misses: 0, broadcasts: [] };
  modelHeaders: readonly string[] = [];
  current: EngineStatus = engineStatus();
  list: readonly ModelInfo[] = [];
  answer: Submit = async () => jsonReply(200, { ok: true });

  submit(request: ClientRequest, departure: Departure, answer: Answer): void {
    this.requests.push(request);
    void this.answer(request, departure).then(answer);
  }

  status(): EngineStatus {
    return this.current;
  }

  models(clientHeaders: readonly string[]): readonly ModelInfo[] {
    this.modelHeaders = clientHeaders;
    return this.list;
  }

  cleanup(force: boolean): Cleared {
    this.cleanups.push(force);
    return this.cleared;
  }

  cache(): CacheStatus {
    return this.kept;
  }

  clearCache(): number {
    const { entries } = this.kept;
    this.kept = { ...this.kept, entries: 0, bytes: 0 };
    return entries;
  }

  operate(provider: string, action: OperatorAction): readonly ProviderStatus[] {
    this.operations.push([provider, action]);
    return this.current.providers.filter(({ id, name }) => id === provider || name === provider);
  }
}

export function jsonReply(status: number, value: unknown, headers: readonly string[] = []): Reply {
  return {
    status,
    headers: ['content-type', 'application/json', ...headers],
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** A stream that a test writes by hand, and that counts how often its client drained. */
export class HandStream implements ReplyStream {
  sink: ReplySink | undefined;
  resumed = 0;
  readonly #held: readonly string[];
  readonly #onResume: (() => void) | undefined;
  readonly piped: Promise<ReplySink>;
  #tellPiped: (sink: ReplySink) => void = () => {};

  constructor(held: readonly string[] = [], onResume?: () => void) {
    this.#held = held;
    this.#onResume = onResume;
    this.piped = new Promise((resolve) => {
      this.#tellPiped = resolve;
    });
  }

  pipe(sink: ReplySink): ReplyFlow {
    this.sink = sink;
    for (const text of this.#held) sink.chunk(Buffer.from(text));
    this.#tellPiped(sink);
    return {
      resume: () => {
        this.resumed += 1;
        this.#onResume?.();
      },
    };
  }
}

export function streamReply(stream: ReplyStream, headers: readonly string[] = []): Reply {
  return { status: 200, headers: ['content-type', 'text/event-stream', ...headers], body: stream };
}

export function engineStatus(part: Partial<EngineStatus> = {}): EngineStatus {
  return {
    phase: 'serving',
    strategy: 'priority',
    routes: [{ pattern: '*sonnet*', targets: 2 }],
    inFlight: 0,
    bufferedBytes: 0,
    providers: [],
    ...part,
  };
}

export function providerStatus(part: Partial<ProviderStatus> = {}): ProviderStatus {
  return {
    id: 'GAC',
    name: 'GAC',
    type: 'anthropic',
    baseUrl: 'https://gaccode.com/claudecode',
    weight: 1,
    enabled: true,
    disabledByHand: false,
    state: 'healthy',
    health: { failures: 0, threshold: 2 },
    pairs: [],
    endpoints: [],
    learned: [],
    models: [{ pattern: '*sonnet*', model: 'passthrough', priority: 1 }],
    slots: { inFlight: 0, waiting: 0 },
    requests: { inFlight: 0, attempts: 0, successes: 0, failures: 0 },
    ...part,
  };
}
