import { parseJson } from '../../domain/json.ts';

/**
 * Reads the arguments of one tool call as they come, in any pieces, and gives them back as JSON that parses. Mends what can be mended
 * without guessing: raw line breaks in strings, trailing commas, the words and quotes of Python, a fence around it all.
 */
export class ArgumentReader {
  /** `empty`: nothing but blanks yet. `broken`: no object, whatever follows. */
  #state: 'empty' | 'open' | 'complete' | 'broken' = 'empty';
  #form: 'start' | 'fence' | 'object' | 'text' | 'word' = 'start';
  readonly #stack: ('{' | '[')[] = [];
  #expect: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'comma' = 'keyOrEnd';
  /** The quote of the open string; empty outside of strings. */
  #quote = '';
  /** An escape of the open string that is not whole. */
  #escape = '';
  /** A number, `true`, … that may go on. */
  #word = '';
  /** A comma and the blanks after it, until it is known that something follows. */
  #comma = '';
  /** What came of a form that can be read only when it is whole. */
  #raw = '';

  get state(): 'empty' | 'open' | 'complete' | 'broken' {
    return this.#state;
  }

  /** What of the object is certain by now. Anything after a complete object is ignored: some servers repeat it. */
  push(text: string): string {
    let out = '';
    for (let at = 0; at < text.length && this.#state !== 'complete' && this.#state !== 'broken'; ) {
      if (this.#quote !== '' && this.#escape === '') {
        const end = plainEnd(text, at, this.#quote);
        out += text.slice(at, end);
        at = end;
        if (at === text.length) break;
      }
      out += this.#read(text[at] ?? '');
      at++;
    }
    return out;
  }

  /** Nothing more comes: what remains of the object. Afterwards `open` means that it was cut. */
  finish(): string {
    if (this.#form === 'word')
      this.#state = /^(?:null|None|undefined)$/.test(this.#raw.trim()) ? 'empty' : 'broken';
    if (this.#form !== 'text') return '';
    // The text of a JSON string that holds the arguments once more.
    const inner = parseJson(this.#raw);
    if (typeof inner !== 'string') {
      this.#state = 'broken';
      return '';
    }
    this.#form = 'start';
    this.#state = 'empty';
    const out = this.push(inner);
    return out + this.finish();
  }

  /** The brackets that alone are missing; `undefined` where more is missing than that. */
  closing(): string | undefined {
    const last = this.#stack.at(-1);
    if (this.#state !== 'open' || last === undefined || this.#expect !== 'comma' || this.#quote !== '')
      return undefined;
    if (this.#word !== '' || this.#comma !== '') return undefined;
    return this.#stack
      .toReversed()
      .map((open) => (open === '{' ? '}' : ']'))
      .join('');
  }

  #read(char: string): string {
    switch (this.#form) {
      case 'start':
        return this.#begin(char);
      case 'fence':
        if (char === '{') return this.#begin(char);
        return '';
      case 'text':
      case 'word':
        this.#raw += char;
        return '';
      case 'object':
        if (this.#quote !== '') return this.#inString(char);
        return this.#word === '' ? this.#outside(char) : this.#inWord(char);
    }
  }

  #begin(char: string): string {
    if (isBlank(char)) return '';
    this.#state = 'open';
    if (char === '{') {
      this.#form = 'object';
      this.#stack.push('{');
      this.#expect = 'keyOrEnd';
      return char;
    }
    if (char === '`') this.#form = 'fence';
    else {
      this.#form = char === '"' ? 'text' : 'word';
      this.#raw = char;
    }
    return '';
  }

  #inString(char: string): string {
    if (this.#escape !== '') return this.#inEscape(char);
    if (char === '\\') {
      this.#escape = char;
      return '';
    }
    if (char === this.#quote) {
      this.#quote = '';
      this.#expect = this.#expect === 'key' || this.#expect === 'keyOrEnd' ? 'colon' : 'comma';
      return '"';
    }
    // A double quote in a string of single ones, or a raw control character.
    return char === '"' ? '\\"' : JSON.stringify(char).slice(1, -1);
  }

  #inEscape(char: string): string {
    if (this.#escape === '\\' && SHORT_ESCAPES.includes(char)) {
      this.#escape = '';
      return `\\${char}`;
    }
    const sequence = this.#escape + char;
    if (/^\\u[\da-fA-F]{0,3}$/.test(sequence)) {
      this.#escape = sequence;
      return '';
    }
    this.#escape = '';
    if (/^\\u[\da-fA-F]{4}$/.test(sequence)) return sequence;
    if (sequence === "\\'") return "'";
    // No escape of JSON's: the backslash stood for itself.
    const rest = sequence.slice(1, -1);
    return `\\\\${rest}${this.#inString(char)}`;
  }

  #outside(char: string): string {
    if (isBlank(char)) {
      if (this.#comma === '') return char;
      this.#comma += char;
      return '';
    }
    if (char === '}' || char === ']') return this.#close(char);
    const before = this.#comma;
    this.#comma = '';
    return before + this.#open(char);
  }

  #open(char: string): string {
    const expect = this.#expect;
    const wantsKey = expect === 'key' || expect === 'keyOrEnd';
    const wantsValue = expect === 'value' || expect === 'valueOrEnd';
    if (char === ',' && expect === 'comma') {
      this.#expect = this.#stack.at(-1) === '{' ? 'key' : 'value';
      this.#comma = char;
      return '';
    }
    if (char === ':' && expect === 'colon') {
      this.#expect = 'value';
      return char;
    }
    if ((char === '"' || char === "'") && (wantsKey || wantsValue)) {
      this.#quote = char;
      return '"';
    }
    if ((char === '{' || char === '[') && wantsValue) {
      this.#stack.push(char);
      this.#expect = char === '{' ? 'keyOrEnd' : 'valueOrEnd';
      return char;
    }
    if (wantsValue && /[-\w]/.test(char)) {
      this.#word = char;
      return '';
    }
    this.#state = 'broken';
    return '';
  }

  #close(char: '}' | ']'): string {
    const trailing = this.#comma !== '';
    const mayEnd =
      trailing || this.#expect === 'comma' || this.#expect === 'keyOrEnd' || this.#expect === 'valueOrEnd';
    if (!mayEnd || this.#stack.pop() !== (char === '}' ? '{' : '[')) {
      this.#state = 'broken';
      return '';
    }
    this.#comma = '';
    this.#expect = 'comma';
    if (this.#stack.length === 0) this.#state = 'complete';
    return char;
  }

  #inWord(char: string): string {
    if (/[-+.\w]/.test(char)) {
      this.#word += char;
      if (this.#word.length > LONGEST_WORD) this.#state = 'broken';
      return '';
    }
    const word = wordOf(this.#word);
    this.#word = '';
    if (word === undefined) {
      this.#state = 'broken';
      return '';
    }
    this.#expect = 'comma';
    return word + this.#outside(char);
  }
}

/** What may follow a backslash, apart from `u`. */
const SHORT_ESCAPES = '"\\/bfnrt';
const LONGEST_WORD = 400;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const WORDS: Readonly<Record<string, string>> = {
  true: 'true',
  false: 'false',
  null: 'null',
  True: 'true',
  False: 'false',
  None: 'null',
};

function wordOf(word: string): string | undefined {
  if (NUMBER.test(word)) return word;
  return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t';
}

/** Up to where a string's text needs no second look: a quote, a backslash or a control character. */
function plainEnd(text: string, from: number, quote: string): number {
  let at = from;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x5c || unit === 0x22 || (unit === 0x27 && quote === "'")) return at;
  }
  return at;
}
