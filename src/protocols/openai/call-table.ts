import { ArgumentReader } from './argument-reader.ts';
import type { CallFragment } from './call-fragment.ts';

/** One tool call as it grows. */
export class GrowingCall {
  readonly reader = new ArgumentReader();
  readonly index: number | undefined;
  id: string | undefined;
  name = '';
  /** What the reader gave and the client has not got yet. */
  pending = '';
  /** What the provider attached. */
  extra: unknown;
  /** The arguments as they came, where each fragment repeats them. */
  #raw = '';
  #last = '';
  readonly #cumulative: boolean;

  constructor(index: number | undefined, cumulative: boolean) {
    this.index = index;
    this.#cumulative = cumulative;
  }

  add(fragment: CallFragment): void {
    this.id ??= fragment.id;
    if (fragment.name !== undefined) this.#addName(fragment.name);
    if (fragment.extra !== undefined) this.extra = fragment.extra;
    if (fragment.arguments !== '') this.#last = fragment.arguments;
    this.pending += this.reader.push(this.#cumulative ? this.#newOf(fragment.arguments) : fragment.arguments);
  }

  /** Whether the fragment only says once more what is known. */
  repeats(fragment: CallFragment): boolean {
    return fragment.name === this.name && (fragment.arguments === '' || fragment.arguments === this.#last);
  }

  /** In pieces, whole in each fragment, or grown in each. Once the arguments have begun it is complete. */
  #addName(name: string): void {
    if (this.name !== '' && (name === this.name || this.reader.state !== 'empty')) return;
    this.name = name.startsWith(this.name) ? name : this.name + name;
  }

  #newOf(text: string): string {
    const fresh = text.startsWith(this.#raw) ? text.slice(this.#raw.length) : text;
    this.#raw += fresh;
    return fresh;
  }
}

/** Finds out to which call a fragment belongs, for servers that number their calls badly or not at all. */
export class CallTable {
  readonly calls: GrowingCall[] = [];
  readonly #cumulative: boolean;

  constructor(cumulative: boolean) {
    this.#cumulative = cumulative;
  }

  add(fragment: CallFragment): void {
    const call = this.#find(fragment) ?? this.#begin(fragment.index);
    call.add(fragment);
  }

  /** Calls in the order of their numbers, then of their coming. */
  ordered(): readonly GrowingCall[] {
    return this.calls.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0));
  }

  #begin(index: number | undefined): GrowingCall {
    const call = new GrowingCall(index, this.#cumulative);
    this.calls.push(call);
    return call;
  }

  #find(fragment: CallFragment): GrowingCall | undefined {
    const sameId = fragment.id === undefined ? undefined : this.calls.find((call) => call.id === fragment.id);
    if (sameId !== undefined) return sameId;
    return fragment.index === undefined
      ? this.#unnumbered(fragment)
      : this.#numbered(fragment, fragment.index);
  }

  /** All calls may have the number 0: a new id or name after complete arguments begins another. */
  #numbered(fragment: CallFragment, index: number): GrowingCall | undefined {
    const call = this.calls.findLast((each) => each.index === index);
    if (call === undefined) return undefined;
    const otherId = fragment.id !== undefined && call.id !== undefined;
    if (otherId && fragment.name !== undefined) return mayEnd(call) ? undefined : call;
    if (otherId) return call;
    const begins = fragment.name !== undefined && fragment.id === undefined && !call.repeats(fragment);
    return begins && call.reader.state === 'complete' ? undefined : call;
  }

  /** Without a number: a new id or name begins a call, anything else goes on with the last one. */
  #unnumbered(fragment: CallFragment): GrowingCall | undefined {
    const last = this.calls.at(-1);
    if (last === undefined) return undefined;
    if (fragment.id !== undefined && last.id !== undefined) return undefined;
    if (fragment.name === undefined) return last;
    if (last.name === '') return last;
    if (fragment.name !== last.name) return undefined;
    return last.reader.state === 'complete' ? undefined : last;
  }
}

/** Whether nothing of the call is missing: complete arguments, or a name without any. */
function mayEnd(call: GrowingCall): boolean {
  return call.reader.state === 'complete' || (call.reader.state === 'empty' && call.name !== '');
}
