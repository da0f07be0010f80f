import type { TestingSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { Transport, UpstreamExchange, UpstreamRequest, UpstreamSink } from './transport.ts';

export interface DelayOptions {
  /** Asked at each request; undefined: nothing is delayed. */
  readonly testing: () => TestingSettings | undefined;
  readonly clock: Clock;
}

/**
 * A transport that waits before it sends, for trying out how clients bear it (`settings.testing`). Messages only, and with
 * keywords only those in whose texts one of them stands, upper and lower case alike. Waiting can be aborted.
 */
export function delaying(transport: Transport, { testing, clock }: DelayOptions): Transport {
  return (request, sink) => {
    const delay = testing();
    if (delay === undefined || !isMeant(request, delay.triggerKeywords)) return transport(request, sink);
    return new DelayedExchange(transport, request, sink, delay.delayMs, clock);
  };
}

class DelayedExchange implements UpstreamExchange {
  readonly #clock: Clock;
  readonly #timer: unknown;
  #exchange: UpstreamExchange | undefined;
  #isPaused = false;

  constructor(
    transport: Transport,
    request: UpstreamRequest,
    sink: UpstreamSink,
    delayMs: number,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#timer = clock.setTimeout(() => {
      this.#exchange = transport(request, sink);
      if (this.#isPaused) this.#exchange.pause();
    }, delayMs);
  }

  pause(): void {
    this.#isPaused = true;
    this.#exchange?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#exchange?.resume();
  }

  abort(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#exchange?.abort();
  }
}

function isMeant({ url, body }: UpstreamRequest, keywords: readonly string[]): boolean {
  if (body === undefined || !/\/v1\/messages(?:\?|$)/.test(url)) return false;
  if (keywords.length === 0) return true;
  const texts = messageTexts(body).map((text) => text.toLowerCase());
  return keywords.some((keyword) => texts.some((text) => text.includes(keyword.toLowerCase())));
}

/** The texts of all messages, also within tool results; none of a body that cannot be read. */
function messageTexts(body: Buffer): string[] {
  const texts: string[] = [];
  try {
    collect((JSON.parse(body.toString('utf8')) as { readonly messages?: unknown }).messages, texts);
  } catch {
    return [];
  }
  return texts;
}

function collect(value: unknown, texts: string[]): void {
  if (Array.isArray(value)) {
    for (const each of value) collect(each, texts);
  } else if (typeof value === 'object' && value !== null) {
    const { content, text } = value as { readonly content?: unknown; readonly text?: unknown };
    for (const each of [content, text]) {
      if (typeof each === 'string') texts.push(each);
      else collect(each, texts);
    }
  }
}
