import {
  type Alias,
  Composer,
  type Document,
  isNode,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
} from 'yaml';
import { FATAL, type Finding, HARMLESS, type Place, WARNS } from './diagnostic.ts';

/** A file as the YAML parser sees it. */
export interface Source {
  readonly root: Node | undefined;
  /** The first document, to be written out again; undefined if there is none. */
  readonly document: Document | undefined;
  /** What an alias stands for; undefined if its anchor does not come before it. */
  resolve(alias: Alias): Node | undefined;
  placeOf(node: unknown): Place | undefined;
  /** Syntax errors and warnings; with an error among them the tree is not to be trusted. */
  readonly findings: readonly LocatedFinding[];
}

interface LocatedFinding {
  readonly finding: Finding;
  readonly place?: Place;
}

/** Deeper than any real file, and far from what a recursive reader's stack holds. */
const MAX_DEPTH = 100;

/**
 * Parses YAML 1.2. Broken text gives findings, whatever it is: this never throws, and its own words are used instead
 * of the parser's, which may quote the file and so a credential.
 */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const parsed = parseDocuments(text, lines);
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const placeOf = (node: unknown) => (isNode(node) && node.range ? placeAt(node.range[0]) : undefined);
  if (parsed.kind === 'too deep') {
    const finding: Finding = {
      code: 'too-deep',
      ...FATAL,
      message: `nested more than ${MAX_DEPTH} levels deep`,
    };
    return {
      root: undefined,
      document: undefined,
      resolve: () => undefined,
      placeOf,
      findings: [{ finding, place: placeAt(parsed.offset) }],
    };
  }
  const [first, ...others] = parsed.documents;
  const root = first?.contents ?? undefined;
  const anchors = first === undefined ? new Map<Alias, Node>() : anchorsOf(first);
  const findings = parsed.documents.flatMap((document) => complaints(document, placeAt));
  const second = others.find(
    (document) => isNode(document.contents) && document.contents.range?.[0] !== document.contents.range?.[1],
  );
  if (second !== undefined) findings.push(severalDocuments(placeOf(second.contents)));
  return {
    root: isNode(root) ? root : undefined,
    document: first,
    resolve: (alias) => anchors.get(alias),
    placeOf,
    findings,
  };
}

type Parsed =
  | { readonly kind: 'parsed'; readonly documents: readonly Document[] }
  | { readonly kind: 'too deep'; readonly offset: number };

/** The depth is watched token by token: composing a few thousand open brackets takes the whole process down. */
function parseDocuments(text: string, lines: LineCounter): Parsed {
  const parser = new Parser(lines.addNewLine);
  const tokens = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return { kind: 'too deep', offset: parser.offset };
  }
  tokens.push(...parser.end());
  const composer = new Composer({
    version: '1.2',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  return { kind: 'parsed', documents: [...composer.compose(tokens)] };
}

/** In the file's order, so that an alias gets the latest anchor before it. */
function anchorsOf(document: Document): Map<Alias, Node> {
  const byName = new Map<string, Node>();
  const resolved = new Map<Alias, Node>();
  visit(document, {
    Alias: (_, alias) => {
      const target = byName.get(alias.source);
      if (target !== undefined) resolved.set(alias, target);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) byName.set(node.anchor, node);
    },
  });
  return resolved;
}

interface Complaint {
  readonly code: string;
  readonly pos: readonly [number, number];
}

/** One mistake often makes the parser complain several times: only the first complaint of each line counts. */
function complaints(document: Document, placeAt: (offset: number) => Place): LocatedFinding[] {
  const errors: readonly Complaint[] = document.errors;
  // For the parser only a warning, but the cause of whatever else it complains about.
  const aliases = document.warnings.filter((warning) => warning.code === 'BAD_ALIAS');
  const byLine = new Map<number, LocatedFinding>();
  for (const error of [...(aliases.length > 0 ? aliases : errors)].sort((a, b) => a.pos[0] - b.pos[0])) {
    const place = placeAt(error.pos[0]);
    if (!byLine.has(place.line)) byLine.set(place.line, { finding: syntaxFinding(error.code), place });
  }
  const warnings = document.warnings
    .filter((warning) => warning.code !== 'BAD_ALIAS')
    .map((warning) => ({ finding: tagFinding(warning.code), place: placeAt(warning.pos[0]) }));
  return [...byLine.values(), ...warnings];
}

function severalDocuments(place: Place | undefined): LocatedFinding {
  const finding: Finding = {
    code: 'several-documents',
    ...WARNS,
    message: 'a second document begins here; only the first is read',
    suggestion: 'Remove the line "---" between them, or the second document.',
  };
  return { finding, ...(place && { place }) };
}

function tagFinding(code: string): Finding {
  const message =
    code === 'TAG_RESOLVE_FAILED' ? 'a tag that is not known is ignored' : 'a directive is ignored';
  return { code: 'syntax', ...HARMLESS, message };
}

function syntaxFinding(code: string): Finding {
  const [message, suggestion] = SYNTAX.get(code) ?? ['this is not valid YAML'];
  return { code: 'syntax', ...FATAL, message, ...(suggestion !== undefined && { suggestion }) };
}

const QUOTE = 'Put the value in quotes if this character belongs to it.';

const SYNTAX: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ['TAB_AS_INDENT', ['a tab is used for indentation', 'Indent with spaces.']],
  ['BAD_ALIAS', ['an unquoted * begins an alias', 'Put the pattern in quotes: "*sonnet*":']],
  ['BAD_SCALAR_START', ['a value cannot begin with this character', QUOTE]],
  [
    'BAD_DQ_ESCAPE',
    [
      'this backslash is no escape of YAML',
      'Use single quotes, in which a backslash is a backslash, or write it twice.',
    ],
  ],
  [
    'BAD_INDENT',
    [
      'the indentation does not fit what stands above',
      'A bracket or a quote may still be open, or the line stands too far left.',
    ],
  ],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    [
      'a mapping or list begins where a value was expected',
      'Check the indentation; put a value that contains ": " in quotes.',
    ],
  ],
  [
    'MULTILINE_IMPLICIT_KEY',
    [
      'a key goes over more than one line',
      'Is a ":" or the blank after it missing, or does the indentation not fit?',
    ],
  ],
  [
    'MISSING_CHAR',
    ['something is missing before this', 'Is a quote or a bracket still open, or a ":" after a key missing?'],
  ],
  [
    'UNEXPECTED_TOKEN',
    [
      'this was not expected here',
      'Check the indentation and the quotes of the lines above; a quote within single quotes is written twice.',
    ],
  ],
]);
