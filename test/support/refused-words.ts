/**
 * Refusals as providers and gateways in front of them were seen to word them, and what the request of a Claude Code user
 * can do without according to each: `kind name`. Empty: the refusal is about something else.
 */
export const REFUSALS: readonly (readonly [who: string, body: unknown, parts: readonly string[]])[] = [
  // Values of anthropic-beta, by name.
  [
    'Anthropic, one beta',
    anthropic(
      'Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header. Please consult our documentation at docs.anthropic.com or try again without the header.',
    ),
    ['beta effort-2025-11-24'],
  ],
  [
    'new-api before Vertex, two betas',
    {
      error: {
        type: '<nil>',
        message:
          'Unexpected value(s) `prompt-caching-scope-2026-01-05`, `structured-outputs-2025-12-15` for the `anthropic-beta` header. Please consult our documentation at docs.anthropic.com or try again without the header. (request id: 2026)',
      },
      type: 'error',
    },
    ['beta prompt-caching-scope-2026-01-05', 'beta structured-outputs-2025-12-15'],
  ],
  [
    'LiteLLM before Vertex, JSON in its message',
    {
      error: {
        message: `${JSON.stringify(anthropic('Unexpected value(s) `context-management-2025-06-27` for the `anthropic-beta` header. Please consult our documentation at docs.anthropic.com or try again without the header.'))}. Received Model Group=claude-sonnet-5-5\nAvailable Model Group Fallbacks=None`,
        type: 'None',
        param: 'None',
        code: '400',
      },
    },
    ['beta context-management-2025-06-27'],
  ],
  [
    'OpenRouter, a feature with its beta in brackets',
    {
      error: {
        message:
          "No endpoints available that support Anthropic's context management features (context-management-2025-06-27). Context management requires a supported provider (Anthropic).",
        code: 400,
      },
    },
    ['beta context-management-2025-06-27', 'field context_management'],
  ],
  [
    'a gateway that lists what it would take',
    anthropic(
      'Unknown beta: advanced-tool-use-2025-11-20. Supported betas: interleaved-thinking-2025-05-14, claude-code-20250219',
    ),
    ['beta advanced-tool-use-2025-11-20'],
  ],
  // Betas, but which?
  ['Bedrock', { message: 'invalid beta flag' }, ['betas uncommon']],
  [
    'Bedrock, its exception in words',
    anthropic(
      'ValidationException: An error occurred (ValidationException) when calling the ConverseStream operation: The model returned the following errors: invalid beta flag',
    ),
    ['betas uncommon'],
  ],
  [
    'LiteLLM before Bedrock',
    {
      error: {
        message:
          '{"message":"invalid beta flag"}. \nReceived Model Group=claude-opus-5-5\nAvailable Model Group Fallbacks=None',
        type: 'None',
        param: 'None',
        code: '400',
      },
    },
    ['betas uncommon'],
  ],
  [
    'Bedrock, older: the header as a field of its own',
    {
      message:
        'Malformed input request: #: extraneous key [anthropic_beta] is not permitted, please reformat your input and try again.',
    },
    ['betas uncommon'],
  ],
  ['a reseller', anthropic('The anthropic-beta header is not supported'), ['betas uncommon']],
  // Top-level fields.
  [
    'Anthropic, Copilot, resellers',
    anthropic('context_management: Extra inputs are not permitted'),
    ['field context_management'],
  ],
  [
    'LiteLLM, glued to its own words',
    {
      error: {
        message:
          '{"message":"context_management: Extra inputs are not permitted"}No fallback model group found for original model_group=claude-sonnet-4-6. Fallbacks=[]. Received Model Group=claude-sonnet-4-6',
      },
    },
    ['field context_management'],
  ],
  [
    'Anthropic, two at once',
    anthropic(
      'context_management: Extra inputs are not permitted, output_config: Extra inputs are not permitted',
    ),
    ['field context_management', 'field output_config'],
  ],
  [
    'FastAPI',
    {
      detail: [
        {
          type: 'extra_forbidden',
          loc: ['body', 'context_management'],
          msg: 'Extra inputs are not permitted',
          input: { edits: [] },
        },
      ],
    },
    ['field context_management'],
  ],
  [
    'OpenAI',
    {
      error: {
        message: "Unknown parameter: 'context_management'.",
        type: 'invalid_request_error',
        param: 'context_management',
        code: 'unknown_parameter',
      },
    },
    ['field context_management'],
  ],
  [
    'OpenAI, older',
    { error: { message: 'Unrecognized request arguments supplied: context_management, output_config' } },
    ['field context_management', 'field output_config'],
  ],
  ['a gateway before OpenAI', { detail: 'Unsupported parameter: metadata' }, ['field metadata']],
  [
    'Go, strict decoding',
    { error: { message: 'json: unknown field "context_management"' } },
    ['field context_management'],
  ],
  [
    'Rust, serde',
    { error: 'unknown field `output_config`, expected one of `model`, `messages`, `metadata`, `thinking`' },
    ['field output_config'],
  ],
  [
    'zod',
    { error: { message: "Unrecognized key(s) in object: 'context_management', 'output_config'" } },
    ['field context_management', 'field output_config'],
  ],
  [
    'JSON schema',
    { message: "Additional properties are not allowed ('context_management' was unexpected)" },
    ['field context_management'],
  ],
  [
    'Python',
    { error: { message: "create() got an unexpected keyword argument 'context_management'" } },
    ['field context_management'],
  ],
  [
    'Google',
    {
      error: {
        code: 400,
        message: 'Invalid JSON payload received. Unknown name "context_management": Cannot find field.',
        status: 'INVALID_ARGUMENT',
      },
    },
    ['field context_management'],
  ],
  [
    'Groq',
    { error: { message: "property 'context_management' is unsupported" } },
    ['field context_management'],
  ],
  ['Joi', { message: '"context_management" is not allowed' }, ['field context_management']],
  [
    'Volcengine',
    {
      error: {
        code: 'InvalidParameter',
        message: 'The parameter `context_management` specified in the request is not supported by this model',
      },
    },
    ['field context_management'],
  ],
  ['Chinese', { error: { message: '不支持的参数: context_management' } }, ['field context_management']],
  ['Chinese, the other way round', { message: '参数 output_config 不支持' }, ['field output_config']],
  [
    'a model that names the field',
    { error: { message: "The model 'x' does not support the parameter 'output_config'." } },
    ['field output_config'],
  ],
  [
    'a model in short',
    { error: { message: 'this model does not support context_management' } },
    ['field context_management'],
  ],
  [
    'a gateway before OpenAI’s Responses',
    {
      error: {
        message:
          "OpenAI Responses cannot represent these fields without data loss: ['context_management', 'output_config'].",
      },
    },
    ['field context_management', 'field output_config'],
  ],
  [
    'Vertex, betas over several lines',
    anthropic(
      'Unexpected value(s) `effort-2025-11-24`,\n`context-management-2025-06-27`\nfor the `anthropic-beta` header.',
    ),
    ['beta context-management-2025-06-27', 'beta effort-2025-11-24'],
  ],
  // Nested fields.
  [
    'Anthropic, a field of a tool',
    anthropic('tools.0.custom.input_examples: Extra inputs are not permitted'),
    ['field tools.*.custom.input_examples'],
  ],
  [
    'Bedrock, a deferred tool',
    anthropic('tools.1.custom.defer_loading: Extra inputs are not permitted'),
    ['field tools.*.custom.defer_loading'],
  ],
  [
    'Anthropic, the scope of a breakpoint',
    anthropic('system.2.cache_control.ephemeral.scope: Extra inputs are not permitted'),
    ['field **.cache_control.scope'],
  ],
  [
    'Vertex, the time of a breakpoint in a message',
    anthropic('messages.0.content.0.text.cache_control.ephemeral.ttl: Extra inputs are not permitted'),
    ['field **.cache_control.ttl'],
  ],
  [
    'Vertex behind Google, a breakpoint on thinking',
    {
      error: {
        code: 400,
        message: JSON.stringify(
          anthropic('messages.1.content.0.thinking.cache_control: Extra inputs are not permitted'),
        ),
        status: 'INVALID_ARGUMENT',
      },
    },
    ['field messages.*.content.*.thinking.cache_control'],
  ],
  [
    'a reseller of an older API, the effort of one turn',
    anthropic('messages.2.output_config: Extra inputs are not permitted'),
    ['field messages.*.output_config'],
  ],
  [
    'Anthropic, the display of thinking',
    anthropic('thinking.adaptive.display: Extra inputs are not permitted'),
    ['field thinking.adaptive.display'],
  ],
  [
    'Bedrock, by JSON pointer',
    { message: '#/messages/2: extraneous key [output_config] is not permitted' },
    ['field messages.*.output_config'],
  ],
  [
    'Google, name and place',
    {
      error: {
        message:
          'Invalid JSON payload received. Unknown name "scope" at \'system[2].cache_control\': Cannot find field.',
      },
    },
    ['field **.cache_control.scope'],
  ],
  // Features in words.
  [
    'Anthropic, Bedrock, Haiku',
    anthropic('This model does not support the effort parameter.'),
    ['field output_config.effort'],
  ],
  [
    'Copilot',
    {
      error: {
        message:
          'output_config.effort "high" was provided, but model claude-haiku-4.5 does not support reasoning effort',
        code: 'invalid_reasoning_effort',
      },
    },
    ['field output_config.effort'],
  ],
  [
    'Vertex, an old Haiku',
    anthropic("'claude-3-5-haiku-20241022' does not support thinking."),
    ['field thinking'],
  ],
  ['a header', { error: { message: 'Unsupported header: x-app' } }, ['header x-app']],
];

/** Refusals that are the request's own fault, or another provider's to mend: nothing is learned from them. */
export const OTHER_REFUSALS: readonly (readonly [why: string, message: string])[] = [
  ['the prompt is too long', 'prompt is too long: 210000 tokens > 200000 maximum'],
  ['a value is wrong', 'thinking.budget_tokens: Input should be greater than or equal to 1024'],
  ['a value of a known field', "output_config.effort: Input should be 'low', 'medium' or 'high'"],
  ['two things do not go together', '`thinking` is not supported with `tool_choice` of type any'],
  [
    'the kind of thinking',
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
  ],
  ['messages', 'messages: Extra inputs are not permitted'],
  ['the role of a turn', "messages.1.role: Input should be 'user' or 'assistant'"],
  ['the content of a turn', 'messages.0.content.0.text.text: Extra inputs are not permitted'],
  ['a call of a tool', 'messages.0.content.0.tool_use.input: Extra inputs are not permitted'],
  ['system', 'Unsupported parameter: system'],
  [
    'max_tokens',
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  ],
  ['tools as a whole', 'Unknown parameter: tools'],
  ['the schema of a tool', 'tools.0.custom.input_schema: Extra inputs are not permitted'],
  ['a limit of a server tool', 'tools.1.web_search_20250305.max_uses: Extra inputs are not permitted'],
  ['stream', 'json: unknown field "stream"'],
  ['a demanded form', 'output_config.format: Extra inputs are not permitted'],
  ['safeguards', 'safeguards: Extra inputs are not permitted'],
  [
    'a beta that asks for a judgement',
    'Unexpected value(s) `dangerous-tool-use-2026-09-03` for the `anthropic-beta` header.',
  ],
  ['a field that the request does not have', 'service_tier: Extra inputs are not permitted'],
  [
    'a beta that the request does not have',
    'Unexpected value(s) `fast-mode-2026-02-01` for the `anthropic-beta` header.',
  ],
  ['the version', 'anthropic-version: "2099-01-01" is not a valid version'],
  ['too many breakpoints', 'A maximum of 4 blocks with cache_control may be provided. Found 5.'],
  ['thinking beside something else', 'This model does not support thinking when tool_choice is any'],
  [
    'a block of tools',
    'failed to convert tool result content: unsupported content type in ContentBlockParamUnion: tool_reference',
  ],
  [
    'thinking that is missing',
    'The `content[].thinking` in the thinking mode must be passed back to the API',
  ],
  ['two settings at once', '`metadata` is not allowed when `service_tier` is set'],
  ['nothing in particular', 'Bad Request'],
];

export function anthropic(message: string): object {
  return { type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_011' };
}
