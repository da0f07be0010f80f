/**
 * Refusals (HTTP 400) that no provider could mend: the request itself breaks the Messages API's own rules. In the API's
 * own words only, because other providers' rules are narrower: "Conversation roles must alternate" (a chat template of
 * vLLM or Mistral), "max_tokens must be at least 1, got -186" (a small window), an empty text block or an unknown field are
 * accepted elsewhere and stay with `refused`. A request that is taken for hopeless by mistake costs its answer; one that is
 * tried in vain costs a moment.
 */
const REFUSED_FOR_SURE: readonly RegExp[] = [
  // messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_…
  /`?tool_use`? ids were found without `?tool_result`? blocks/i,
  // messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_… Each … must have a corresponding …
  /unexpected `?tool_use_id`? found in `?tool_result`? blocks/i,
  /`?tool_result`? blocks?\(?s?\)? .{0,60}without .{0,30}`?tool_use`?/i,
  /each `?tool_(?:use|result)`? (?:block )?must have a (?:single result|corresponding)/i,
  /`?tool_use`? ids must be unique/i,
  // messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row
  /(?:^|messages: )roles must alternate between "user" and "assistant"/im,
  /messages: first message must use the "user" role/i,
  /messages: at least one message is required/i,
  /\bmessages: field required/i,
  // max_tokens: Input should be greater than or equal to 1 (some say: must be greater than or equal to 1)
  /\bmax_tokens: (?:input should|must) be (?:greater than or equal to [01]|greater than 0|at least 1|positive)\b(?!.*got -)/i,
];

/** Would this refusal be the same everywhere? */
export function isRefusedForSure(text: string): boolean {
  return REFUSED_FOR_SURE.some((pattern) => pattern.test(text));
}
