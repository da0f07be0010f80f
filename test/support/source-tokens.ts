/** One token of a TypeScript source: enough of the language to read imports and top-level statements, no more. */
export interface Token {
  /** `template`: the literal text of a template; its expressions come as tokens of their own. */
  readonly kind: 'word' | 'string' | 'template' | 'number' | 'regex' | 'mark';
  /** As written; of a string the text between its quotes. */
  readonly text: string;
  /** 1, 2, … */
  readonly line: number;
  /** How many brackets of any kind are open around it; 0 at the top level of the file. */
  readonly depth: number;
}

const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const SPACE = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
/** Arrows are one mark, so that an equals sign is always an assignment or a default. */
const MARK = /=>|===?|!==?|<=|>=|\.\.\.|\?\.(?!\d)|[\s\S]/y;
/** The literal text of a template up to its end or to its next expression. */
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** Words after which a slash begins a regular expression, as after an operator. */
const BEFORE_EXPRESSION: ReadonlySet<string> = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'instanceof',
  'new',
  'void',
  'delete',
  'await',
  'yield',
  'throw',
  'else',
  'do',
]);
const OPENING = '([{';
const CLOSING = ')]}';

/** Splits a source into tokens, without comments. Never fails: what it does not know is a mark. */
export function tokensOf(source: string): readonly Token[] {
  return new Tokenizer(source).tokens();
}

class Tokenizer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #depth = 0;
  /** The depth inside each template expression that is open: there the closing brace ends the expression. */
  readonly #expressions: number[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  tokens(): readonly Token[] {
    while (this.#at < this.#source.length) this.#step();
    return this.#tokens;
  }

  #step(): void {
    if (this.#take(SPACE) !== undefined) return;
    const char = this.#source[this.#at] ?? '';
    if (char === '`') {
      this.#at += 1;
      this.#template();
    } else if (char === '}' && this.#expressions.at(-1) === this.#depth) {
      this.#expressions.pop();
      this.#at += 1;
      this.#depth -= 1;
      this.#template();
    } else if (!this.#literal()) this.#mark();
  }

  #literal(): boolean {
    if (this.#add('word', WORD) || this.#add('number', NUMBER)) return true;
    if (this.#add('string', STRING, (text) => text.slice(1, -1))) return true;
    return this.#regexMayBegin() && this.#add('regex', REGEX);
  }

  #mark(): void {
    const char = this.#source[this.#at] ?? '';
    if (CLOSING.includes(char)) this.#depth -= 1;
    this.#add('mark', MARK);
    if (OPENING.includes(char)) this.#depth += 1;
  }

  /** From behind the backtick, or from behind the brace that ended an expression. */
  #template(): void {
    this.#add('template', TEMPLATE_TEXT);
    if (this.#source[this.#at] === '`') {
      this.#at += 1;
      return;
    }
    this.#at += 2;
    this.#depth += 1;
    this.#expressions.push(this.#depth);
  }

  #regexMayBegin(): boolean {
    const last = this.#tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'word') return BEFORE_EXPRESSION.has(last.text);
    return last.kind === 'mark' && !CLOSING.includes(last.text);
  }

  #add(kind: Token['kind'], pattern: RegExp, inner: (text: string) => string = (text) => text): boolean {
    const [line, depth] = [this.#line, this.#depth];
    const text = this.#take(pattern);
    if (text === undefined) return false;
    this.#tokens.push({ kind, text: inner(text), line, depth });
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    if (text === undefined) return undefined;
    this.#at += text.length;
    this.#line += text.split('\n').length - 1;
    return text;
  }
}
