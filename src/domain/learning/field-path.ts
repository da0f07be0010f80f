/**
 * Where a field stands in a request's body, as providers write it: `context_management`, `tools.*.custom.input_examples`,
 * `thinking.adaptive.display`. `*` is any element of a list. A name that is no key there is the `type` of the object that it
 * stands at (`custom` also means no type at all), as in Anthropic's own error texts. `**` at the beginning is any content
 * block or tool: `**.cache_control.scope`.
 */

const SEGMENT = /^[A-Za-z_][\w-]{0,99}$/;
const DEEPEST = 12;

/** What a provider may write before the path proper: FastAPI's `body`, JSON pointers, JSONPath. */
const PREFIX = /^(?:body|request|\$|#)[./]+|^[#$/]+/;

/**
 * A path from an error's text in the form above; `undefined` if it is none. What concerns a breakpoint of the cache holds for
 * all of them: the error names only the first.
 */
export function fieldPath(text: string): string | undefined {
  const segments = text
    .replace(PREFIX, '')
    .replace(/\[(?:'|")?([\w-]+)(?:'|")?\]/g, '.$1')
    .split(/[./]/)
    .map((segment) => (/^\d+$/.test(segment) ? '*' : segment));
  if (segments.length > DEEPEST || segments.some((segment) => segment !== '*' && !SEGMENT.test(segment)))
    return undefined;
  const cache = segments.indexOf('cache_control');
  const last = segments.at(-1);
  if (cache !== -1 && cache < segments.length - 1 && last !== undefined && last !== '*')
    return `**.cache_control.${last}`;
  return segments[0] === '*' || last === '*' ? undefined : segments.join('.');
}

export function segmentsOf(path: string): readonly string[] {
  return path.split('.');
}

/** What a request's answer depends on: a provider that does not take it is not asked without it. */
const NEVER_REMOVED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'tools',
  'tool_choice',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'mcp_servers',
  'container',
  // The client relies on the judgement that it asks for.
  'safeguards',
]);

/** Of a content block or a message: hints, and what another provider's answer left behind. */
const OF_MESSAGES: ReadonlySet<string> = new Set(['cache_control', 'output_config', 'caller']);
/** Of any tool, also of the provider's own tools, whose other fields are limits. */
const OF_TOOLS: ReadonlySet<string> = new Set([
  'cache_control',
  'defer_loading',
  'input_examples',
  'allowed_callers',
  'eager_input_streaming',
  'strict',
]);
/** What a client's own tool is. */
const TOOL_ITSELF: ReadonlySet<string> = new Set(['name', 'description', 'input_schema', 'type']);

/** May a request go without this field, if a provider does not know it? */
export function mayRemove(path: string): boolean {
  const segments = segmentsOf(path);
  const [first = '', ...rest] = segments;
  const last = segments.at(-1) ?? '';
  if (first === '**') return last !== 'type' && rest[0] === 'cache_control';
  if (rest.length === 0) return !NEVER_REMOVED.has(first);
  if (first === 'messages' || first === 'system')
    return OF_MESSAGES.has(last) || path === 'messages.*.output_config.effort';
  if (first === 'tools') return mayRemoveOfTool(rest, last);
  if (NEVER_REMOVED.has(first)) return false;
  if (first === 'thinking') return last === 'display';
  return !(keptWithin(first).includes(last) && rest.length === 1) && last !== 'type';
}

function mayRemoveOfTool(rest: readonly string[], last: string): boolean {
  if (rest[0] !== '*' || rest.length > 3) return false;
  if (OF_TOOLS.has(last)) return true;
  return rest.length === 3 && rest[1] === 'custom' && !TOOL_ITSELF.has(last);
}

/** What stays of a field though the rest of it goes: a demanded form of the answer is no hint. */
export function keptWithin(field: string): readonly string[] {
  return field === 'output_config' ? ['format'] : [];
}
