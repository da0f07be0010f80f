import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { toJson } from '../openai/well-formed.ts';
import { traitsOf } from './model-traits.ts';
import { type OutputForm, outputForm } from './output-format.ts';
import { type ChatRefusal, Refusals } from './refusals.ts';
import { type ThinkingFields, thinkingFields } from './thinking.ts';
import { convertTools, type OfferedTools } from './tools.ts';
import { convertTurns } from './turns.ts';

/** What the answer's conversion needs to know of the request. Small: it lives as long as the answer. */
export interface ChatAsked {
  readonly stream: boolean;
  /** `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  /** The request offered `functions`: a call is told as `function_call`. */
  readonly legacy: boolean;
  /** Names of tools of free text. */
  readonly custom: ReadonlySet<string>;
}

export type ChatRequestRead =
  | {
      readonly kind: 'request';
      /** The body of a Messages request, as JSON. The same request gives the same bytes. */
      readonly body: string;
      readonly asked: ChatAsked;
    }
  | { readonly kind: 'refused'; readonly refusal: ChatRefusal };

type Request = Readonly<Record<string, unknown>>;

/** The newest version of the API, and so the package's types, has no sampling any more; the one that we ask for has. */
interface Sampling {
  temperature?: number;
  top_p?: number;
  top_k?: number;
}

/** `provider` is the balancer's own: it pins the request. */
type MessagesBody = Anthropic.MessageCreateParams & Sampling & { provider?: string };

/**
 * A body of Chat Completions as one of the Messages API. Reads fields by name: what is not named here goes nowhere (docs/chat-completions.md
 * lists it). Never throws, whatever the body is.
 */
export function readChatRequest(body: Buffer): ChatRequestRead {
  const request = parsed(body);
  if (request === undefined) return refused('The request body is not valid JSON.', 'invalid_json');
  const refusals = new Refusals();
  try {
    const { converted, asked } = convert(request, refusals);
    const { first } = refusals;
    if (first !== undefined) return { kind: 'refused', refusal: first };
    return { kind: 'request', body: toJson(converted), asked };
  } catch (error) {
    // Reading JSON has no limit of depth; writing it has.
    if (!(error instanceof RangeError)) throw error;
    return refused('The request body is nested too deeply.', 'invalid_json');
  }
}

function refused(message: string, code: string): ChatRequestRead {
  return { kind: 'refused', refusal: { message, param: null, code } };
}

function parsed(body: Buffer): Request | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function convert(request: Request, refusals: Refusals): { converted: MessagesBody; asked: ChatAsked } {
  const model = typeof request.model === 'string' ? request.model : '';
  if (model === '') refusals.add('model', 'model must name a model.', 'missing_required_parameter');
  if (typeof request.n === 'number' && request.n > 1) {
    refusals.add('n', 'Only one choice is possible here (n: 1): ask again for each further one.');
  }
  const traits = traitsOf(model);
  const turns = convertTurns(request.messages, refusals);
  const offered = convertTools(request, refusals);
  const max_tokens = maxTokens(request) ?? traits.defaultMaxTokens;
  const form = outputForm(request.response_format, traits.outputFormat);
  const reasoning = thinkingFields(request, {
    form: traits.thinking,
    maxTokens: max_tokens,
    forced: offered.forced,
    openLoop: turns.openLoop,
  });
  const stream = request.stream === true;
  const converted: MessagesBody = {
    model,
    max_tokens,
    ...systemField(turns.system, form.words),
    messages: turns.messages,
    ...toolFields(offered),
    ...reasoningFields(reasoning, form),
    ...samplingFields(request, reasoning.thinking),
    ...identityFields(request),
    ...(stream ? { stream } : {}),
  };
  const options = isRecord(request.stream_options) ? request.stream_options : {};
  const { legacy, custom } = offered;
  return { converted, asked: { stream, includeUsage: options.include_usage === true, legacy, custom } };
}

function maxTokens({ max_completion_tokens: newer, max_tokens: older }: Request): number | undefined {
  return [newer, older].find((value) => typeof value === 'number' && Number.isFinite(value) && value >= 1) as
    | number
    | undefined;
}

/** A string, unless breakpoints of the cache are set in it. */
function systemField(
  blocks: readonly Anthropic.TextBlockParam[],
  words: string | undefined,
): Pick<MessagesBody, 'system'> {
  const all = words === undefined ? blocks : [...blocks, { type: 'text' as const, text: words }];
  if (all.length === 0) return {};
  const isMarked = all.some((block) => block.cache_control !== undefined);
  return { system: isMarked ? [...all] : all.map(({ text }) => text).join('\n\n') };
}

function toolFields({ tools, choice }: OfferedTools): Pick<MessagesBody, 'tools' | 'tool_choice'> {
  if (tools.length === 0) return {};
  return { tools: [...tools], ...(choice === undefined ? {} : { tool_choice: choice }) };
}

function reasoningFields(
  { thinking, effort }: ThinkingFields,
  { format }: OutputForm,
): Pick<MessagesBody, 'thinking' | 'output_config'> {
  const output_config = {
    ...(effort === undefined ? {} : { effort }),
    ...(format === undefined ? {} : { format }),
  };
  return {
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(output_config).length === 0 ? {} : { output_config }),
  };
}

/** Anthropic takes temperatures up to 1, `top_p` not beside one, and neither from a model that thinks. */
function samplingFields(
  { temperature, top_p, top_k, stop }: Request,
  thinking: Anthropic.ThinkingConfigParam | undefined,
): Sampling & Pick<MessagesBody, 'stop_sequences'> {
  const stops = (Array.isArray(stop) ? stop : [stop]).filter(
    (each): each is string => typeof each === 'string' && each.trim() !== '',
  );
  const stop_sequences = stops.length === 0 ? {} : { stop_sequences: stops };
  if (thinking !== undefined && thinking.type !== 'disabled') return stop_sequences;
  return {
    ...(typeof temperature === 'number' ? { temperature: Math.min(1, Math.max(0, temperature)) } : {}),
    ...(typeof top_p === 'number' && typeof temperature !== 'number' ? { top_p } : {}),
    ...(typeof top_k === 'number' ? { top_k } : {}),
    ...stop_sequences,
  };
}

function identityFields({
  user,
  safety_identifier,
  provider,
}: Request): Pick<MessagesBody, 'metadata' | 'provider'> {
  const user_id = [safety_identifier, user].find((each) => typeof each === 'string' && each !== '');
  return {
    ...(typeof user_id === 'string' ? { metadata: { user_id } } : {}),
    ...(typeof provider === 'string' ? { provider } : {}),
  };
}
