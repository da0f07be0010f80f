/**
 * What a refusal names as unknown, in the words that providers were seen to use: Anthropic's and Vertex's (pydantic),
 * Bedrock's (JSON schema), FastAPI's, OpenAI's, Google's, and those of validators in Go, Rust and JavaScript behind
 * resellers. A complaint about a value, or about two things that do not go together, is none of them.
 */

const NAME = '[\\w.*/#$\\[\\]-]{1,200}';
const OPEN = '[`\'"“‘]';
const CLOSE = '[`\'"”’]';
const MAYBE_QUOTED = `${OPEN}?${NAME}${CLOSE}?`;
const LIST = `\\(?\\[?(${MAYBE_QUOTED}(?:(?:,? and |, ?)${MAYBE_QUOTED}){0,20})`;
/** Not followed by what it does not go together with; the model may be named. */
const ALONE =
  '(?! (?:with|when|together|in combination|if|unless|while|without|for|by|on|in) (?!(?:this|the|that|your|our|current|selected|model|provider|endpoint|api|claude|bedrock|vertex)\\b))';
const DISOWNED = `(?:(?:is|are|was|were) )?(?:not (?:a )?(?:supported|recogni[sz]ed|permitted|allowed|known|accepted)|unsupported|unexpected|unrecogni[sz]ed|unknown)${ALONE}`;
const NOUN = '(?:parameter|field|argument|key|property|propertie|input|name)s?';

/** Each with a list of names in its first group. */
const FIELDS: readonly RegExp[] = [
  // tools.0.custom.input_examples: Extra inputs are not permitted
  new RegExp(`(${NAME})[${'`'}'"]?: extra (?:inputs|fields) (?:are )?not permitted`, 'gi'),
  // Unsupported parameter: 'x'; Unknown field "x"; Unrecognized request arguments supplied: a, b; Unrecognized key(s) in object: 'x'
  new RegExp(
    `\\b(?:unsupported|unknown|unrecogni[sz]ed|unexpected|additional)(?: (?:request|body|input|json|keyword|top-level))? ${NOUN}(?:\\(s\\))?(?: (?:supplied|found|provided|in (?:object|request|body)))?[:\\s]+${LIST}`,
    'gi',
  ),
  // property 'x' is unsupported; "x" is not allowed; The parameter `x` specified in the request is not supported
  new RegExp(
    `${OPEN}(${NAME})${CLOSE} (?:(?:parameter|field|property) )?(?:specified in the request )?${DISOWNED}`,
    'gi',
  ),
  new RegExp(`\\b${NOUN} (${NAME}) (?:specified in the request )?${DISOWNED}`, 'gi'),
  // This model does not support context_management; … cannot represent these fields without data loss: ['a', 'b']
  new RegExp(
    `\\b(?:does not|doesn['’]t|do not|cannot) (?:support|accept|recogni[sz]e|represent) (?:(?:the|this|these) )?(?:(?:request|body) )?(?:${NOUN}:? )?(?:without data loss: )?${LIST}(?![\\w.])${ALONE}`,
    'gi',
  ),
  // Additional properties are not allowed ('a', 'b' were unexpected)
  new RegExp(`\\badditional properties are not allowed \\(${LIST}`, 'gi'),
  new RegExp(`(?:不支持|未知|无法识别)的?(?:参数|字段)[:：\\s]*${LIST}`, 'g'),
  new RegExp(
    `(?:参数|字段)[:：\\s]*${OPEN}?(${NAME})${CLOSE}?\\s*(?:不支持|不被支持|未知|不允许|无法识别)`,
    'g',
  ),
];

/** Each with a place in its first group and a name in its second. */
const PLACED: readonly RegExp[] = [
  // #/messages/0: extraneous key [output_config] is not permitted (Bedrock)
  /(#[\w/]{0,200}): extraneous key \[([\w-]{1,100})\] is not permitted/gi,
];
/** The other way round: Unknown name "scope" at 'system[0].cache_control': Cannot find field. (Google) */
const NAMED_AT = /\bunknown name ["']([\w-]{1,100})["'] at ["']([\w.[\]]{1,200})["']/gi;

/** Features that are named in words. */
const FEATURES: readonly (readonly [words: RegExp, field: string])[] = [
  [/\b(?:does not|doesn['’]t) support (?:the |reasoning )?[`'"]?effort\b/i, 'output_config.effort'],
  [/\boutput_config\.effort\b.{0,40}\bnot supported\b/i, 'output_config.effort'],
  [
    /\b(?:does not|doesn['’]t) support (?:extended |adaptive )?thinking\b(?! (?:with|when|in|and))/i,
    'thinking',
  ],
  [/\bthinking is not supported (?:on|by|for|with) (?:this|the) model\b/i, 'thinking'],
  [/\bsupport anthropic['’]s context management\b/i, 'context_management'],
];

/** Fields by the names that the text gives them; whether they are in the request is not known here. */
export function fieldsNamed(text: string): readonly string[] {
  const names: string[] = [];
  for (const pattern of FIELDS)
    for (const [, list = ''] of text.matchAll(pattern))
      names.push(...list.split(/,? and |,/).map((name) => name.replace(/^[\s`'"“‘]+|[\s`'"”’.:\]]+$/g, '')));
  for (const pattern of PLACED)
    for (const [, place = '', name = ''] of text.matchAll(pattern)) names.push(`${place}/${name}`);
  for (const [, name = '', place = ''] of text.matchAll(NAMED_AT)) names.push(`${place}.${name}`);
  for (const [words, field] of FEATURES) if (words.test(text)) names.push(field);
  return names.filter((name) => name !== '');
}

/** Unexpected value(s) `a`, `b` for the `anthropic-beta` header */
const UNEXPECTED_VALUES = /\bunexpected value\(?s?\)?:? (.{1,2000}?)\s+for the [`'"]?anthropic-beta\b/is;
/** From here on a text lists what would be welcome. */
const WELCOME =
  /\b(?:supported|valid|allowed|accepted|known|available) (?:values?|betas?|flags?|features?|headers?)\b|\bone of\b/i;
const REFUSES =
  /\bnot? (?:be )?(?:supported|support|allowed|permitted|recogni[sz]ed|accepted|known|available|enabled|endpoints)\b|n['’]t support\b|\bunsupported\b|\bunexpected\b|\bunknown\b|\binvalid\b|\bunrecogni[sz]ed\b|不支持|无效|未知/i;

/** The part of a refusal that says what it does not like; `undefined`: it refuses nothing by name. */
function refusingWords(text: string): string | undefined {
  const listed = UNEXPECTED_VALUES.exec(text)?.[1];
  if (listed !== undefined) return listed;
  return REFUSES.test(text) ? text.split(WELCOME, 1)[0] : undefined;
}

/** Which of these literal values a refusal names. */
export function valuesNamed(text: string, values: readonly string[]): readonly string[] {
  const words = refusingWords(text)?.toLowerCase();
  if (words === undefined) return [];
  return values.filter((value) => isWordIn(words, value.toLowerCase()));
}

function isWordIn(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
    if (!/[\w-]/.test(text[at - 1] ?? '') && !/[\w-]/.test(text[at + word.length] ?? '')) return true;
  return false;
}

/** A beta is refused, whichever: invalid beta flag (Bedrock); extraneous key [anthropic_beta] */
const SOME_BETA: readonly RegExp[] = [
  /\b(?:invalid|unsupported|unknown|unrecogni[sz]ed|unexpected) (?:anthropic[ _-])?beta (?:flag|header|value|feature|parameter)s?\b/i,
  /\bbeta (?:flag|header|value|feature)s? (?:(?:is|are) )?(?:not (?:supported|allowed|available|permitted|enabled)|unsupported|invalid)\b/i,
  /\banthropic[_-]beta\b[`'"\]]?(?: header)? (?:(?:is|are) )?(?:not (?:supported|allowed|permitted|recogni[sz]ed)|unsupported|invalid)\b/i,
  /\bextraneous key \[anthropic_beta\]/i,
  /\banthropic_beta: extra inputs are not permitted/i,
];

export function refusesSomeBeta(text: string): boolean {
  return SOME_BETA.some((pattern) => pattern.test(text));
}

export function speaksOfHeaders(text: string): boolean {
  return /\bheaders?\b|请求头/i.test(text);
}
