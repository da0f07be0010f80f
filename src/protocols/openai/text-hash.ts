/**
 * A hash of text that is the same on every machine and at every start: 64 bits in two halves (cyrb53's mixing). For names and marks
 * that must repeat, never for secrets: whoever knows the text can compute it.
 */
export class TextHash {
  #low = 0xdeadbeef;
  #high = 0x41c6ce57;

  /** Adding a text in pieces gives the same as adding it whole. */
  add(text: string): this {
    let low = this.#low;
    let high = this.#high;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      low = Math.imul(low ^ unit, 2654435761);
      high = Math.imul(high ^ unit, 1597334677);
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** 16 hexadecimal digits. */
  hex(): string {
    const low = mixed(this.#low, this.#high);
    const high = mixed(this.#high, this.#low);
    return half(high) + half(low);
  }
}

/** 16 hexadecimal digits for the text. */
export function textHash(text: string): string {
  return new TextHash().add(text).hex();
}

function mixed(value: number, other: number): number {
  const first = Math.imul(value ^ (value >>> 16), 2246822507);
  const second = Math.imul(other ^ (other >>> 13), 3266489909);
  return first ^ second;
}

function half(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
