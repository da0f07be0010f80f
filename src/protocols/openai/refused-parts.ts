import { readErrorBody } from '../../domain/failures/error-body.ts';
import { fieldPath, segmentsOf } from '../../domain/learning/field-path.ts';
import { distinctParts, type UnknownPart } from '../../domain/learning/unknown-part.ts';
import { fieldsNamed } from '../../domain/learning/unknown-part-words.ts';
import { clause } from '../../domain/secrets/plain-text.ts';
import { type Compat, EFFORTS, type Effort } from './compat.ts';
import { readOutputLimit } from './context-overflow.ts';
import type { ConvertedError } from './errors.ts';

/** A refusal that names something does it at once, characters; and so much of it is kept as the reason. */
const LONGEST_TEXT = 8_192;
const LONGEST_REASON = 200;

/** What no request goes without. */
const NEVER: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'tools']);

/** What a provider can only be told in another shape: its words, and what is to be different from then on. */
const SHAPES: readonly { readonly name: string; readonly words: RegExp; readonly compat: Partial<Compat> }[] =
  [
    {
      name: 'images=false',
      words:
        /unknown variant `?'?image_url|(?:does not|doesn['’]t) support images?\b|images? inputs? (?:is|are) not supported|image input is not enabled|without mmproj/i,
      compat: { images: false },
    },
    {
      name: 'assistant_after_tool=true',
      words: /unexpected role ['"`]?user['"`]? after role ['"`]?tool/i,
      compat: { assistantAfterTool: true },
    },
    {
      name: 'alternate=true',
      words: /conversation roles must alternate|roles must alternate user\/assistant/i,
      compat: { alternate: true, lateSystem: 'user' },
    },
    {
      name: 'late_system=user',
      words: /system (?:message|role|prompt) must (?:be|come|appear) (?:at the (?:beginning|start)|first)/i,
      compat: { lateSystem: 'user' },
    },
    {
      name: 'system_role=system',
      words: /\brole\b.{0,60}\bdeveloper\b|\bdeveloper['"`]? (?:is not one of|role is not)/i,
      compat: { systemRole: 'system' },
    },
    {
      name: 'reasoning_content=required',
      words: /reasoning_content\b.{0,80}(?:must be passed back|is missing)/i,
      compat: { reasoningBack: 'reasoning_content', reasoningBackRequired: true },
    },
    {
      name: 'forced_tool_choice_while_thinking=false',
      words: /tool_choice\b.{0,80}(?:incompatible|not supported|not allowed).{0,40}\b(?:thinking|reasoning)/i,
      compat: { forcedChoiceWhileThinking: false },
    },
    {
      name: 'tool_ids=nine',
      words: /must be a-z, A-Z, 0-9, with a length of 9/i,
      compat: { toolIds: 'nine' },
    },
  ];

/** parallel_tool_calls is not supported with this model */
const UNQUOTED =
  /\b(\w{3,40}) (?:is|are) (?:not supported|unsupported) (?:with|by|for|on|in) (?:this|the|your)\b/gi;
/** Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 140 instead. */
const TOO_MANY_TOOLS = /['"`]tools['"`]: array too long.{0,60}maximum length (\d{1,4})/i;
const UNSUPPORTED_VALUE = /unsupported value: ?['"`]([\w.]+)['"`]/i;
const EFFORT_WITH_TOOLS = /tools with reasoning_effort are not supported|set reasoning_effort to ['"`]?none/i;
const EFFORT_VALUES =
  /reasoning[._]effort.{0,300}?(?:(?:supported|allowed|valid|permitted|accepted) values?(?: are| is)?|must be one of|expected one of|input should be)[:\s]*(.{1,200})/is;

/**
 * What of a request its refusal names: a field (`temperature`), or that something has to be otherwise
 * (`reasoning_effort=low|high`, docs/learning.md). Whether the request would differ without it is not known here.
 *
 * @param body the refusal, as it came
 * @param error the same, converted
 */
export function refusedParts(
  body: string,
  error: Pick<ConvertedError, 'outputLimit'>,
): readonly UnknownPart[] {
  const { message, texts } = readErrorBody(body);
  const text = (message === undefined || texts.includes(message) ? texts : `${message}\n${texts}`).slice(
    0,
    LONGEST_TEXT,
  );
  const because = clause(message ?? texts, LONGEST_REASON);
  const limit = error.outputLimit;
  if (limit !== undefined) {
    // What the model can do is so tomorrow; how much room a prompt leaves is its own affair.
    const kind = readOutputLimit(text) === undefined ? 'once' : 'value';
    return [{ kind, name: `max_tokens=${limit}`, because }];
  }
  const tools = TOO_MANY_TOOLS.exec(text)?.[1];
  if (tools !== undefined) return [{ kind: 'value', name: `tools=${tools}`, because }];
  const efforts = effortsNamed(text);
  if (efforts !== undefined) return [{ kind: 'value', name: `reasoning_effort=${efforts}`, because }];
  const shapes = SHAPES.filter(({ words }) => words.test(text)).map(
    ({ name }): UnknownPart => ({ kind: 'value', name, because }),
  );
  if (shapes.length > 0) return shapes;
  const value = UNSUPPORTED_VALUE.exec(text)?.[1];
  const unquoted = [...text.matchAll(UNQUOTED)].map(([, name = '']) => name);
  const names = value === undefined ? [...fieldsNamed(text), ...unquoted, ...paramOf(body, text)] : [value];
  const fields = names
    .flatMap((name) => fieldPath(name) ?? [])
    .filter((path) => !NEVER.has(path))
    .map((name): UnknownPart => ({ kind: 'field', name, because }));
  return distinctParts(fields);
}

function effortsNamed(text: string): string | undefined {
  if (EFFORT_WITH_TOOLS.test(text)) return 'none';
  const listed = EFFORT_VALUES.exec(text)?.[1];
  if (listed === undefined) return undefined;
  const words = new Set(listed.toLowerCase().match(/[a-z]+/g));
  const efforts = EFFORTS.filter((effort) => words.has(effort));
  return efforts.length === 0 ? undefined : efforts.join('|');
}

/** `param` beside words that say no more than that something is not supported. */
function paramOf(body: string, text: string): readonly string[] {
  if (!/unsupported|not supported|unknown|unrecogni[sz]ed/i.test(text)) return [];
  const param = /"param"\s*:\s*"([\w.[\]]{1,100})"/.exec(body.slice(0, LONGEST_TEXT))?.[1];
  return param === undefined ? [] : [param];
}

/** What the provider takes, with what it was found not to take. */
export function compatWithout(
  compat: Compat,
  parts: readonly Pick<UnknownPart, 'kind' | 'name'>[] | undefined,
): Compat {
  if (parts === undefined || parts.length === 0) return compat;
  return parts.reduce((known, part) => {
    if (part.kind === 'field') return withoutField(known, part.name, parts);
    return part.kind === 'value' || part.kind === 'once' ? withValue(known, part.name) : known;
  }, compat);
}

const MAX_TOKENS: ReadonlySet<string> = new Set(['max_tokens', 'max_completion_tokens']);
const REASONING: ReadonlySet<string> = new Set(['reasoning_content', 'reasoning', 'reasoning_details']);

function withoutField(compat: Compat, path: string, parts: readonly Pick<UnknownPart, 'name'>[]): Compat {
  const segments = segmentsOf(path);
  const [first = ''] = segments;
  const last = segments.at(-1) ?? '';
  if (segments.length === 1 && MAX_TOKENS.has(first)) return otherLimit(compat, first, parts);
  if (last === 'cache_control' || first === '**') return { ...compat, cacheControl: false };
  if (first === 'messages' || (segments.length === 1 && last === 'reasoning_content')) {
    return REASONING.has(last) ? { ...compat, reasoningBack: 'none', reasoningBackRequired: false } : compat;
  }
  // A keyword of a tool's schema.
  if (first === 'tools') return { ...compat, schema: 'gemini' };
  if (first === 'response_format') return { ...compat, responseFormat: 'none' };
  return { ...compat, dropFields: [...compat.dropFields, first] };
}

/** The limit has two names: a provider that refuses the one takes the other. */
function otherLimit(compat: Compat, name: string, parts: readonly Pick<UnknownPart, 'name'>[]): Compat {
  const both = [...MAX_TOKENS].every((each) => parts.some((part) => part.name === each));
  if (both) return { ...compat, dropFields: [...compat.dropFields, ...MAX_TOKENS] };
  return { ...compat, maxTokensField: name === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens' };
}

function withValue(compat: Compat, name: string): Compat {
  const shape = SHAPES.find((each) => each.name === name);
  if (shape !== undefined) return { ...compat, ...shape.compat };
  const [key, value = ''] = name.split('=', 2);
  const limit = Number(value);
  const isLimit = Number.isSafeInteger(limit) && limit >= 1;
  if (key === 'max_tokens' && isLimit)
    return { ...compat, maxTokensLimit: Math.min(limit, compat.maxTokensLimit ?? limit) };
  if (key === 'tools' && isLimit) return { ...compat, toolLimit: Math.min(limit, compat.toolLimit ?? limit) };
  if (key !== 'reasoning_effort') return compat;
  if (value === 'none') return { ...compat, reasoning: 'effort', effortWithTools: 'none' };
  return { ...compat, efforts: EFFORTS.filter((effort: Effort) => value.split('|').includes(effort)) };
}
