import { describe, expect, it } from 'vitest';
import { convertError, errorJson } from '../../../src/protocols/openai/errors.ts';

const openai = (message: string, more: object = {}) => JSON.stringify({ error: { message, ...more } });

describe('an error of a provider becomes one of the Messages API:', () => {
  it.each<[string, number | undefined, string, number, string, string?]>([
    ['§7.1 OpenAI', 400, openai('bad'), 400, 'invalid_request_error', 'bad'],
    [
      '§7.1 OpenRouter with the cause in metadata.raw',
      400,
      openai('Provider returned error', { code: 400, metadata: { raw: '{"error":{"message":"deep"}}' } }),
      400,
      'invalid_request_error',
      'Provider returned error: deep',
    ],
    [
      "§7.1 Gemini's list",
      400,
      '[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]',
      400,
      'invalid_request_error',
      'm',
    ],
    [
      '§7.1 Mistral',
      422,
      '{"object":"error","message":"m","code":"3230"}',
      400,
      'invalid_request_error',
      'm',
    ],
    ['§7.1 a text as error', 500, '{"error":"m"}', 500, 'api_error', 'm'],
    [
      '§7.1 FastAPI',
      422,
      '{"detail":[{"loc":["body","x"],"msg":"m","type":"t"}]}',
      400,
      'invalid_request_error',
      'body.x: m',
    ],
    ['§7.1 nested JSON', 400, openai('{"error":{"message":"inner"}}'), 400, 'invalid_request_error', 'inner'],
    ['§7.1 plain text', 500, 'oops', 500, 'api_error', 'oops'],
    ['§7.1 HTML', 502, '<html><title>502 Bad Gateway</title></html>', 502, 'api_error'],
    ['§7.1 nothing', 503, '', 529, 'overloaded_error', 'status 503 without a message'],
    ['§7.2 415', 415, '', 400, 'invalid_request_error'],
    [
      '§7.2 an unknown model under 400',
      400,
      openai('The model `x` does not exist', { code: 'model_not_found' }),
      404,
      'not_found_error',
    ],
    [
      "§7.2 Ollama's unknown model",
      404,
      openai('model "x" not found, try pulling it first'),
      404,
      'not_found_error',
    ],
    [
      '§7.2 a bad key under 400',
      400,
      '[{"error":{"message":"API key not valid. Please pass a valid API key."}}]',
      401,
      'authentication_error',
    ],
    ['§7.2 402', 402, openai('Insufficient Balance'), 402, 'billing_error'],
    [
      '§7.2 no credit under 429',
      429,
      openai('You exceeded your current quota, please check your plan and billing details.', {
        type: 'insufficient_quota',
      }),
      402,
      'billing_error',
    ],
    ['§7.2 403', 403, openai('no'), 403, 'permission_error'],
    ['§7.2 moderation under 403', 403, openai('flagged by moderation'), 400, 'invalid_request_error'],
    ['§7.2 a wrong address', 404, 'Not Found', 404, 'not_found_error'],
    ['§7.2 408', 408, '', 504, 'timeout_error'],
    ['§7.2 524', 524, '', 504, 'timeout_error'],
    ['§7.2 413', 413, '', 413, 'request_too_large'],
    [
      '§7.2 413 of a rate',
      413,
      openai('Request too large for model x on tokens per minute (TPM): Limit 6000, Requested 7012', {
        code: 'rate_limit_exceeded',
      }),
      429,
      'rate_limit_error',
    ],
    ['§7.2 429', 429, openai('slow down'), 429, 'rate_limit_error'],
    [
      '§7.2 429 of an overload',
      429,
      openai('The engine is currently overloaded', { type: 'engine_overloaded_error' }),
      529,
      'overloaded_error',
    ],
    ['§7.2 498', 498, '', 529, 'overloaded_error'],
    ['§7.2 521', 521, '', 502, 'api_error'],
    [
      "§7.2 Groq could not read the model's call",
      400,
      openai('Failed to call a function', { code: 'tool_use_failed' }),
      500,
      'api_error',
    ],
    ['§7.2 under 200, by its code', 200, openai('m', { code: 429 }), 429, 'rate_limit_error'],
    ['§7.2 in a stream, without a code', undefined, openai('m'), 500, 'api_error'],
  ])('%s', (_title, status, body, expected, type, message) => {
    const error = convertError({ body, ...(status === undefined ? {} : { status }) });
    expect([error.status, error.type]).toEqual([expected, type]);
    if (message !== undefined) expect(error.message).toBe(message);
    expect(JSON.parse(errorJson(error))).toEqual({ type: 'error', error: { type, message: error.message } });
  });
});

describe('§7.3 a prompt that is too long is told in the words on which Claude Code compacts:', () => {
  it.each<[string, string, number, number]>([
    [
      'OpenAI',
      "This model's maximum context length is 8192 tokens. However, you requested 10000 tokens (9000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
      9000,
      8192,
    ],
    [
      'OpenAI chat',
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.",
      9001,
      8192,
    ],
    [
      'OpenAI, new',
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
      200_001,
      200_000,
    ],
    [
      'vLLM',
      "This model's maximum context length is 32768 tokens. However, your request has 40000 input tokens. Please reduce the length of the input messages.",
      40_000,
      32_768,
    ],
    [
      'vLLM, at least',
      "This model's maximum context length is 32768 tokens. However, you requested 100 output tokens and your prompt contains at least 32700 input tokens, for a total of at least 32800 tokens.",
      32_769,
      32_768,
    ],
    [
      'vLLM with a bogus limit',
      "This model's maximum context length is 3 tokens. However, your request has 40000 input tokens.",
      200_001,
      200_000,
    ],
    [
      '§15.5 OpenRouter',
      "This endpoint's maximum context length is 65536 tokens. However, you requested about 76211 tokens (66000 of text input, 2211 of tool input, 8000 in the output). Please reduce the length of either one",
      68_211,
      65_536,
    ],
    ['LiteLLM', "Input length (300000) exceeds model's maximum context length (262144)", 300_000, 262_144],
    [
      'Gemini',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      1_200_000,
      1_048_576,
    ],
    [
      'xAI',
      "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
      140_000,
      131_072,
    ],
    ['Groq', 'Please reduce the length of the messages or completion.', 200_001, 200_000],
    [
      'Mistral',
      'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      40_000,
      32_768,
    ],
    ['Kimi', 'Your request exceeded model token limit: 131072 (requested: 140000)', 140_000, 131_072],
    ['MiniMax', 'invalid params, context window exceeds limit', 200_001, 200_000],
    [
      'Together',
      "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
      40_000,
      32_768,
    ],
    ['Qwen', 'Range of input length should be [1, 129024]', 129_025, 129_024],
    [
      'LM Studio',
      'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 9000>= n_ctx: 4096)',
      9000,
      4096,
    ],
    [
      'LM Studio, older',
      'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
      9000,
      4096,
    ],
    ['Copilot', 'prompt token count of 140000 exceeds the limit of 128000', 140_000, 128_000],
    ['Bedrock', 'Input is too long for requested model.', 200_001, 200_000],
    ['Cerebras', 'Current length is 9000 while limit is 8192', 9000, 8192],
    ['Anthropic', 'prompt is too long: 210000 tokens > 200000 maximum', 210_000, 200_000],
  ])('%s', (_title, message, tokens, limit) => {
    const error = convertError({
      status: 400,
      body: openai(message),
      inputTokens: 1000,
      contextWindow: 200_000,
    });
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(error.message).toContain(`prompt is too long: ${tokens} tokens > ${limit} maximum`);
    expect(error.message).toContain(message.slice(0, 20));
  });

  it('llama.cpp, with its numbers in fields', () => {
    const body = openai('the request exceeds the available context size, try increasing it', {
      type: 'exceed_context_size_error',
      n_prompt_tokens: 9000,
      n_ctx: 4096,
    });
    expect(convertError({ status: 400, body }).message).toContain(
      'prompt is too long: 9000 tokens > 4096 maximum',
    );
  });

  it('without any number, by our own count', () => {
    const body = openai('context window exceeds limit');
    expect(convertError({ status: 400, body, inputTokens: 5000 }).message).toContain(
      'prompt is too long: 5000 tokens > 4999 maximum',
    );
    expect(convertError({ status: 400, body }).message).toBe(
      'prompt is too long: context window exceeds limit',
    );
  });

  it.each<[string, number, string]>([
    ['Bedrock throttles', 429, 'Too many tokens, please wait before trying again.'],
    ['a rate', 429, 'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Requested 31000.'],
    [
      'credit',
      402,
      'This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 12000.',
    ],
    ['a file', 400, 'The file is too long'],
  ])('but not where it is something else: %s', (_title, status, message) => {
    expect(convertError({ status, body: openai(message) }).message).toBe(message);
  });

  it.each<[string, string, number]>([
    [
      'OpenAI',
      'max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.',
      16_384,
    ],
    ['GLM', 'Invalid max_tokens: the range is [1,131072]', 131_072],
    [
      'Groq',
      '`max_tokens` must be less than or equal to `32768`, the maximum value for `max_tokens` is less than the context window',
      32_768,
    ],
  ])('nor where max_tokens alone is too large: %s', (_title, message, limit) => {
    const error = convertError({ status: 400, body: openai(message) });
    expect(error).toMatchObject({ message, outputLimit: limit });
  });

  it('§15.4 names the max_tokens that fit where the prompt does', () => {
    const message =
      "This endpoint's maximum context length is 65536 tokens. However, you requested about 70211 tokens (60000 of text input, 2211 of tool input, 8000 in the output).";
    const { outputLimit } = convertError({ status: 400, body: openai(message) });
    expect(outputLimit).toBeGreaterThan(2000);
    expect(outputLimit).toBeLessThanOrEqual(3000);
  });
});
