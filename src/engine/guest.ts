import type { RequestEnded } from '../telemetry/events.ts';
import type { AdmittedRequest } from './admission.ts';
import type { ClientReply } from './client-reply.ts';
import type { Departure } from './interface.ts';
import { budgetMs } from './request-facts.ts';
import type { Seat } from './seat.ts';

/** What a guest tells those that brought it here. */
export interface GuestPorts {
  /** It waits no longer for a first content. */
  readonly timedOut: (guest: Guest) => void;
  readonly left: (guest: Guest) => void;
  readonly ended: (guest: Guest, result: RequestEnded['result']) => void;
  readonly goOwnWay: (guest: Guest, admitted: AdmittedRequest, alone: boolean) => void;
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
}

/** A request that shares the exchange of an equal one. It keeps its own body until it can need it no more. */
export class Guest implements Seat {
  readonly client: ClientReply;
  readonly facts: AdmittedRequest['facts'];
  readonly stream: boolean;
  readonly maxTokens: number | undefined;
  readonly pinnedTo: ReadonlySet<string> | undefined;
  readonly receivedAt: number;
  readonly deadlineAt: number;
  readonly departure: Departure;
  readonly #ports: GuestPorts;
  readonly #onAbort = (): void => this.#ports.left(this);
  readonly #leaveRuntime: () => void;
  #admitted: AdmittedRequest | undefined;
  #patience: unknown;

  constructor(admitted: AdmittedRequest, client: ClientReply, departure: Departure, ports: GuestPorts) {
    const { facts, walked, runtime, request } = admitted;
    this.client = client;
    this.facts = facts;
    this.stream = facts.stream && facts.endpoint === 'messages';
    this.maxTokens = walked.maxTokens;
    this.pinnedTo = pinnedTo(admitted);
    this.receivedAt = request.receivedAt;
    this.deadlineAt = request.receivedAt + budgetOf(admitted);
    this.departure = departure;
    this.#admitted = admitted;
    this.#ports = ports;
    this.#leaveRuntime = runtime.enter();
    const { timeoutMs } = runtime.configuration.settings.deduplication;
    this.#patience = ports.setTimeout(() => ports.timedOut(this), timeoutMs);
    departure.addEventListener('abort', this.#onAbort, { once: true });
  }

  committed(): void {
    this.#ports.clearTimeout(this.#patience);
    this.#letBodyGo();
  }

  /** What it waits for has begun to come; it is in another form. */
  waitsForEnd(): void {
    this.#ports.clearTimeout(this.#patience);
  }

  ended(result: RequestEnded['result']): void {
    this.#over();
    this.#letBodyGo();
    this.#ports.ended(this, result);
  }

  goOwnWay(alone: boolean): void {
    const admitted = this.#admitted;
    this.#admitted = undefined;
    this.#detach();
    if (admitted !== undefined) this.#ports.goOwnWay(this, admitted, alone);
    // Not before it has entered it again: it may be one that only it still needs.
    this.#leaveRuntime();
  }

  #over(): void {
    this.#detach();
    this.#leaveRuntime();
  }

  #detach(): void {
    this.#ports.clearTimeout(this.#patience);
    this.departure.removeEventListener('abort', this.#onAbort);
    this.client.onResume = () => {};
  }

  #letBodyGo(): void {
    this.#admitted?.request.releaseBody();
    this.#admitted = undefined;
  }
}

/** The providers that a pinned request may go to. */
export function pinnedTo({ isPinned, tiers }: AdmittedRequest): ReadonlySet<string> | undefined {
  return isPinned ? new Set(tiers.flat().map(({ provider }) => provider)) : undefined;
}

/** How long a request has until its first content or its final error, ms. */
export function budgetOf({ facts, header, runtime }: AdmittedRequest): number {
  const { endpoint } = facts;
  const { requestBudgetMs } = runtime.configuration.settings.resilience;
  return budgetMs(facts.stream && endpoint === 'messages', endpoint, header.patienceMs, requestBudgetMs);
}

/** The seat of the client that an exchange begins for: its body is the exchange's own, and it has nowhere else to go. */
export function leaderSeat(
  admitted: AdmittedRequest,
  client: ClientReply,
  ended: (result: RequestEnded['result']) => void,
): Seat {
  const { facts, walked, request } = admitted;
  return {
    client,
    facts,
    stream: facts.stream && facts.endpoint === 'messages',
    maxTokens: walked.maxTokens,
    pinnedTo: pinnedTo(admitted),
    deadlineAt: request.receivedAt + budgetOf(admitted),
    committed: ignore,
    waitsForEnd: ignore,
    ended,
    goOwnWay: ignore,
  };
}

function ignore(): void {}
