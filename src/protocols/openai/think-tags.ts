/** A piece of a message's text: what it says, or what it thought. */
export interface Piece {
  readonly kind: 'text' | 'thinking';
  readonly text: string;
}

const OPENING = /^\s*<(think|thinking|thought)>/;
/** Beginnings of an opening tag that may still become one. */
const LONGEST_OPENING = '<thinking>'.length;

/**
 * Takes the reasoning that a server leaves in the text, `<think>…</think>`, out of it: only at the very beginning, for later on
 * the tags may be what the text is about.
 */
export class ThinkTags {
  #state: 'beginning' | 'thinking' | 'text';
  #closing = '</think>';
  /** Text that may belong to a tag. */
  #held = '';
  /** Where the template wrote the opening tag, some models write it once more. */
  #mayOpen = true;

  constructor(tags: 'no' | 'yes' | 'unopened') {
    this.#state = tags === 'no' ? 'text' : 'beginning';
    this.#unopened = tags === 'unopened';
  }

  readonly #unopened: boolean;

  push(text: string): readonly Piece[] {
    if (this.#state === 'text') return pieces('text', text);
    this.#held += text;
    return this.#state === 'beginning' ? this.#begin() : this.#think();
  }

  /** Nothing more comes: what was held is what it is. */
  finish(): readonly Piece[] {
    const held = this.#held;
    this.#held = '';
    return pieces(this.#state === 'thinking' || this.#unopened ? 'thinking' : 'text', held);
  }

  #begin(): readonly Piece[] {
    const found = this.#mayOpen ? OPENING.exec(this.#held) : null;
    if (found === null && mayBecomeTag(this.#held)) return [];
    this.#mayOpen = false;
    if (found !== null) {
      this.#closing = `</${found[1]}>`;
      this.#held = this.#held.slice(found[0].length);
      this.#state = 'thinking';
      return this.#think();
    }
    if (this.#unopened) {
      this.#state = 'thinking';
      return this.#think();
    }
    return this.#text();
  }

  #think(): readonly Piece[] {
    const end = this.#held.indexOf(this.#closing);
    if (end === -1) {
      const keep = overlap(this.#held, this.#closing);
      const thought = this.#held.slice(0, this.#held.length - keep);
      this.#held = this.#held.slice(this.#held.length - keep);
      return pieces('thinking', thought);
    }
    const thought = this.#held.slice(0, end);
    this.#held = this.#held.slice(end + this.#closing.length);
    return [...pieces('thinking', thought), ...this.#text()];
  }

  #text(): readonly Piece[] {
    this.#state = 'text';
    const text = this.#held;
    this.#held = '';
    return pieces('text', text);
  }
}

function pieces(kind: Piece['kind'], text: string): readonly Piece[] {
  return text === '' ? [] : [{ kind, text }];
}

function mayBecomeTag(text: string): boolean {
  const begun = text.trimStart();
  if (begun.length >= LONGEST_OPENING) return false;
  return ['<think>', '<thinking>', '<thought>'].some((tag) => tag.startsWith(begun));
}

/** How much of the text's end is the beginning of the tag. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
