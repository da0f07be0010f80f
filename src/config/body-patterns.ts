import { CHECK_NOTE, type Finding, HARMLESS } from './diagnostic.ts';

/** A pattern ready for use, or left out; with what there is to say about it. */
export interface CompiledPattern {
  readonly pattern?: RegExp;
  readonly finding?: Finding;
}

/** Longer than any sensible pattern; the text it is tried on is bounded where it is read. */
const MAX_LENGTH = 1000;

/** What every error of the protocol looks like: a pattern that matches it would count each of them. */
const BARE_ENVELOPE = '{"type":"error","error":{"type":"x","message":"y"}}';

/**
 * A pattern of `unhealthy_response_body_patterns`: a regular expression, upper and lower case alike. Python's own forms
 * are translated; text that is no regular expression is looked for as it stands. Left out are patterns that match every
 * error (`docs/failures.md`), and those whose repetitions within repetitions may take for ever.
 */
export function compileBodyPattern(source: string): CompiledPattern {
  if (source.trim() === '') return leftOut('an empty pattern matches everything');
  if (source.length > MAX_LENGTH) return leftOut(`a pattern longer than ${MAX_LENGTH} characters`);
  const translated = fromPython(source);
  if (repeatsRepetition(translated)) {
    return leftOut(
      'a repetition within a repetition, as in (a+)+, can take for ever',
      'Write it without the outer repetition.',
    );
  }
  const { pattern, literal } = compile(translated, source);
  // A fresh pattern without state: `test` on a non-global RegExp always begins at the start.
  if (pattern.test(BARE_ENVELOPE)) {
    return leftOut(
      'this pattern matches every error of the protocol',
      'Name what is special about the failure you mean.',
    );
  }
  if (!literal) return { pattern };
  const finding: Finding = {
    code: 'body-pattern',
    ...CHECK_NOTE,
    message: 'no regular expression; looked for as plain text',
  };
  return { pattern, finding };
}

function leftOut(message: string, suggestion?: string): CompiledPattern {
  return {
    finding: {
      code: 'body-pattern',
      ...HARMLESS,
      message: `${message}; it is ignored`,
      ...(suggestion && { suggestion }),
    },
  };
}

function compile(translated: string, source: string): { pattern: RegExp; literal: boolean } {
  try {
    return { pattern: new RegExp(translated, flagsOf(source)), literal: false };
  } catch {
    return { pattern: new RegExp(source.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'i'), literal: true };
  }
}

/** `(?is)` at the beginning, named groups, and the two anchors that JavaScript lacks. */
function fromPython(source: string): string {
  return source
    .replace(/^\(\?[aiLmsux]+\)/, '')
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '$');
}

function flagsOf(source: string): string {
  const flags = /^\(\?([aiLmsux]+)\)/.exec(source)?.[1] ?? '';
  return `i${flags.includes('m') ? 'm' : ''}${flags.includes('s') ? 's' : ''}`;
}

/**
 * Whether an unbounded repetition stands in a group that is itself repeated without bound: the usual way to a pattern
 * whose time doubles with each character. A rough look, on the safe side.
 */
function repeatsRepetition(pattern: string): boolean {
  // For each open group whether something in it repeats without bound.
  const groups: boolean[] = [false];
  const bare = pattern.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x');
  for (let i = 0; i < bare.length; i += 1) {
    const character = bare[i];
    if (character === '(') groups.push(false);
    const unbounded = /^(?:[*+]|\{\d*,\})/.test(bare.slice(i + 1, i + 12));
    if (character === ')' && groups.length > 1) {
      const repeats = groups.pop() ?? false;
      if (repeats && unbounded) return true;
      if (repeats) groups[groups.length - 1] = true;
    }
    if (unbounded && character !== '(') groups[groups.length - 1] = true;
  }
  return false;
}
