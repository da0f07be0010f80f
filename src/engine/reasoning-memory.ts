import { LruMap } from '../domain/lru-map.ts';
import type { Configuration } from '../domain/settings/settings.ts';
import { signatureKey, signaturesIn } from '../protocols/anthropic/signatures.ts';
import { hostOf } from './configuration-facts.ts';

/** So much is remembered; what was used longest ago goes first. */
const MOST_SIGNATURES = 20_000;
const MOST_EXTRAS = 4_096;

/**
 * What answers leave behind that later requests of their conversations need, for one engine: which host signed which thinking, and
 * what a provider wants back with its calls. Nothing of it outlives the process.
 */
export class ReasoningMemory {
  readonly #signers = new LruMap<string, string>(MOST_SIGNATURES);
  /** All who signed something. */
  readonly #hosts = new Set<string>();
  readonly #extras = new LruMap<string, unknown>(MOST_EXTRAS);
  #isOfUse = false;

  /** Whether it matters who signed what: there are several hosts to go to. */
  get isOfUse(): boolean {
    return this.#isOfUse;
  }

  configure({ providers }: Configuration): void {
    const usable = providers.filter(({ enabled, unservable }) => enabled && unservable === undefined);
    this.#isOfUse = new Set(usable.map(hostOf)).size > 1;
  }

  signed(host: string, signature: string): void {
    this.#hosts.add(host);
    this.#signers.set(signatureKey(signature), host);
  }

  /** Whether somebody else is known to have signed it. Accounts of one host are one signer. */
  isForeign(host: string, signature: unknown): boolean {
    if (typeof signature !== 'string') return false;
    const signer = this.#signers.get(signatureKey(signature));
    return signer !== undefined && signer !== host;
  }

  /** Whether anybody has signed anything. */
  get hasSigners(): boolean {
    return this.#hosts.size > 0;
  }

  /** Whether a request holds thinking that somebody else signed. It is looked at only where anybody else ever did. */
  holdsForeign(host: string, body: Buffer): boolean {
    if (this.#hosts.size === 1 && this.#hosts.has(host)) return false;
    return signaturesIn(body).some((signature) => this.isForeign(host, signature));
  }

  /** What a provider attached to a call and wants back with it. Other hosts know nothing of it. */
  keepExtra(host: string, toolUseId: string, extra: unknown): void {
    this.#extras.set(`${host} ${toolUseId}`, extra);
  }

  extraOf(host: string, toolUseId: string): unknown {
    return this.#extras.get(`${host} ${toolUseId}`);
  }
}
