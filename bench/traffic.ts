/** The headers of a Claude Code request, as flat list. */
export function clientHeaders(length: number, session: string): string[] {
  return [
    'Accept',
    'application/json',
    'Content-Type',
    'application/json',
    'User-Agent',
    'claude-cli/2.1.329 (external, sdk-cli)',
    'X-Claude-Code-Session-Id',
    session,
    'X-Stainless-Arch',
    'x64',
    'X-Stainless-Lang',
    'js',
    'X-Stainless-OS',
    'Linux',
    'X-Stainless-Package-Version',
    '0.128.0',
    'X-Stainless-Retry-Count',
    '0',
    'X-Stainless-Runtime',
    'node',
    'X-Stainless-Runtime-Version',
    'v26.12.1',
    'X-Stainless-Timeout',
    '600',
    'anthropic-beta',
    'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24',
    'anthropic-dangerous-direct-browser-access',
    'true',
    'anthropic-version',
    '2023-06-01',
    'x-api-key',
    'sk-bench',
    'x-app',
    'cli',
    'Accept-Encoding',
    'gzip, deflate, br, zstd',
    'Content-Length',
    String(length),
  ];
}

/** The order of Claude Code's own members: the model first, `stream` last, behind everything long. */
interface Body {
  model: string;
  messages: unknown[];
  system: unknown[];
  tools: unknown[];
  metadata: unknown;
  max_tokens: number;
  stream: true;
}

/** A request like those of Claude Code, of exactly so many bytes: tools, and quoted code with its escapes. */
export function requestBody(bytes: number, session: string): Buffer {
  const body: Body = {
    model: 'claude-opus-5-5',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Why does the test fail – and what’s next?' }] },
    ],
    system: [{ type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } }],
    tools: [],
    metadata: { user_id: JSON.stringify({ device_id: 'bench', account_uuid: '', session_id: session }) },
    max_tokens: 32_000,
    stream: true,
  };
  for (let turn = 0; ; turn += 1) {
    const size = lengthOf(body);
    // A third of a long request are its tools.
    const next =
      size < bytes / 3
        ? { list: body.tools, item: tool(turn) }
        : { list: body.messages, item: exchange(turn) };
    if (size + lengthOf(next.item) + 200 > bytes) break;
    next.list.push(next.item);
  }
  const filler = { type: 'text', text: '' };
  body.system.push(filler);
  filler.text = 'x'.repeat(bytes - lengthOf(body));
  return Buffer.from(JSON.stringify(body));
}

function lengthOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function tool(turn: number) {
  const text =
    'Reads a file from the local filesystem. The path must be absolute; lines are numbered. '.repeat(24);
  const properties = {
    file_path: { type: 'string', description: 'The absolute path of the file to read' },
    offset: { type: 'number', description: 'The line to start at' },
    limit: { type: 'number', description: 'How many lines to read' },
  };
  return {
    name: `Tool${turn}`,
    description: text,
    input_schema: { type: 'object', properties, required: ['file_path'] },
  };
}

/** Code as a tool's result quotes it. The whole body has a quote or backslash every 32 bytes; recorded requests have one every 31 to 44. */
function exchange(turn: number) {
  const lines = [
    `  // The order of ${turn} is kept: whoever asks for "first" gets what came first.`,
    `  it('keeps the order of ${turn}', async () => {`,
    '    const found = await readEverything(folder, { recursive: true, limit: 20 });',
    '    expect(found.map((entry) => entry.path)).toEqual(paths);',
    '  });',
    '',
  ].join('\n');
  const content = [{ type: 'tool_result', tool_use_id: `toolu_${turn}`, content: lines.repeat(12) }];
  return { role: turn % 2 === 0 ? 'user' : 'assistant', content };
}
