import { createLiveExchanges } from '../broadcast/live-exchanges.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { CacheSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { BalancerEvent, RequestEnded, RequestFacts } from '../telemetry/events.ts';
import type { AdmittedRequest } from './admission.ts';
import type { ClientReply } from './client-reply.ts';
import type { Exchange } from './exchange.ts';
import { Guest, pinnedTo } from './guest.ts';
import type { CacheStatus, Departure, Reply } from './interface.ts';
import { identify, type RequestIdentified } from './request-identity.ts';
import { NO_TRACE, requestEnded } from './request-reports.ts';
import { type Storable, StoredAnswers } from './stored-answers.ts';

/** What duplicates need of the engine around them. */
export interface DuplicatesOptions {
  readonly clock: Clock;
  readonly observe: (event: BalancerEvent) => void;
  readonly redactor: () => Redactor;
  readonly cache: CacheSettings;
  /** Starts a request of its own. */
  readonly run: (
    admitted: AdmittedRequest,
    identity: RequestIdentified | undefined,
    client: ClientReply,
    departure: Departure,
  ) => void;
  /** A request that had joined another one has ended. */
  readonly ended: () => void;
}

/** A running request that others may join. */
export interface Host {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  /** Wall clock ms. */
  readonly receivedAt: number;
  /** How many others have shared it. */
  guests: number;
}

/** Requests that are answered without one of their own: from a kept answer, or from that of an equal request. */
export class Duplicates {
  readonly #options: DuplicatesOptions;
  readonly #hosts = createLiveExchanges<Host>();
  readonly #stored: StoredAnswers;
  readonly #guests = new Map<Guest, Host>();

  constructor(options: DuplicatesOptions) {
    this.#options = options;
    this.#stored = new StoredAnswers(options.cache, options.clock.now);
  }

  /** How many share another request's answer at this moment. */
  get size(): number {
    return this.#guests.size;
  }

  status(): CacheStatus {
    const now = this.#options.clock.now();
    const broadcasts = this.#hosts.all().map(({ exchange, facts, receivedAt }) => {
      const { provider, ...view } = exchange.view;
      const { id: requestId, endpoint, model } = facts;
      const who = provider === undefined ? {} : { provider };
      return { requestId, endpoint, model, ...who, ...view, ageMs: now - receivedAt };
    });
    return { ...this.#stored.use(), broadcasts };
  }

  /** Forgets kept answers that are too old, or with `all` everything; gives how many. */
  clear(all: boolean): number {
    return this.#stored.clear(all);
  }

  /** Ends those whose answer has come to its end without them. */
  endAll(): void {
    for (const [guest, { exchange }] of [...this.#guests]) {
      exchange.leave(guest);
      guest.client.shutDown(0);
      guest.ended('broken');
    }
  }

  /** Lets others find a running request, if it may be shared. */
  list(identity: RequestIdentified | undefined, host: Host): void {
    if (identity?.shares !== true) return;
    host.exchange.listing.open(this.#hosts.add(identity.fingerprint, host));
  }

  /** What keeps a request's answer; undefined: it is not to be kept. */
  keeper(
    identity: RequestIdentified | undefined,
    endpoint: RequestFacts['endpoint'],
    maxTokens: number | undefined,
  ): ((answer: Storable) => void) | undefined {
    return identity === undefined ? undefined : this.#stored.keeper(identity, endpoint, maxTokens);
  }

  /** A kept answer, told as a request of its own; its usage was told with the first one. */
  kept(admitted: AdmittedRequest, identity: RequestIdentified | undefined): Reply | undefined {
    const { request, facts } = admitted;
    const { clock, redactor, observe } = this.#options;
    const hit = identity === undefined ? undefined : this.#stored.find(admitted, identity, redactor());
    if (hit === undefined) return undefined;
    request.releaseBody();
    const { provider, model, reply } = hit;
    const at = clock.now();
    const times = { receivedAt: request.receivedAt, firstContentAt: at, endedAt: at };
    const shared = { provider, model, cached: true } as const;
    const end = { result: 'served', trace: NO_TRACE, status: reply.status, error: undefined } as const;
    observe(requestEnded(facts, { ...end, ...times, shared }));
    return reply;
  }

  /** Shares the exchange of an equal request, if there is one that it may join, and it is not `except`. */
  join(
    admitted: AdmittedRequest,
    identity: RequestIdentified | undefined,
    client: ClientReply,
    departure: Departure,
    except?: Exchange,
  ): boolean {
    if (identity?.joins !== true || departure.aborted) return false;
    const { facts, walked } = admitted;
    const wishes = {
      stream: facts.stream && facts.endpoint === 'messages',
      maxTokens: walked.maxTokens,
      pinnedTo: pinnedTo(admitted),
    };
    const host = this.#hosts.find(
      identity.fingerprint,
      ({ exchange }) => exchange !== except && exchange.accepts(wishes),
    );
    if (host === undefined) return false;
    const guest = this.#guestOf(host, admitted, client, departure);
    this.#guests.set(guest, host);
    host.guests += 1;
    this.#options.observe({ type: 'request.joined', request: facts, leader: host.facts.id });
    if (host.exchange.join(guest)) return true;
    throw new Error('an exchange that could be joined takes nobody');
  }

  #guestOf(host: Host, admitted: AdmittedRequest, client: ClientReply, departure: Departure): Guest {
    const { clock } = this.#options;
    const { exchange } = host;
    return new Guest(admitted, client, departure, {
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
      timedOut: (late) => {
        // The only one who still waits would only begin the same anew.
        if (exchange.view.subscribers <= 1) return;
        exchange.leave(late);
        late.goOwnWay(false);
      },
      left: (gone) => {
        exchange.leave(gone);
        gone.client.abandon();
        gone.ended('cancelled');
      },
      ended: (guest, result) => this.#ended(guest, host, result),
      goOwnWay: (guest, request, alone) => this.#goOwnWay(guest, request, alone),
    });
  }

  #ended(guest: Guest, host: Host, result: RequestEnded['result']): void {
    if (!this.#guests.delete(guest)) return;
    const { client, facts, receivedAt } = guest;
    const { status, error, firstContentAt } = client;
    const by = firstContentAt === undefined ? undefined : host.exchange.answeredBy;
    const shared = { ...by, joined: host.facts.id };
    const endedAt = this.#options.clock.now();
    const end = { result, trace: NO_TRACE, status, error, receivedAt, firstContentAt, endedAt, shared };
    this.#options.observe(requestEnded(facts, end));
    this.#options.ended();
  }

  /** Nothing was sent to it from where it was: it begins anew, or joins another one that has. Never the same one again. */
  #goOwnWay(guest: Guest, admitted: AdmittedRequest, alone: boolean): void {
    const left = this.#guests.get(guest)?.exchange;
    this.#guests.delete(guest);
    const { client, departure } = guest;
    const identity = identify(admitted);
    if (!alone && this.join(admitted, identity, client, departure, left)) return;
    this.#options.run(admitted, identity, client, departure);
  }
}
