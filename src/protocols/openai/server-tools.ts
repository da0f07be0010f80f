import { isRecord } from '../../domain/is-record.ts';
import { type Block, blocksOf, textOf } from './blocks.ts';

/** What the commands that edit files are given. */
const FILE_PROPERTIES = {
  path: { type: 'string' },
  view_range: { type: 'array', items: { type: 'integer' } },
  file_text: { type: 'string' },
  old_str: { type: 'string' },
  new_str: { type: 'string' },
  insert_line: { type: 'integer' },
  insert_text: { type: 'string' },
};

/** Tools that Anthropic defines and its client runs: they can be offered as functions, with the schemas of its documentation. */
const CLIENT_RUN: readonly {
  readonly type: RegExp;
  readonly description: string;
  readonly properties: object;
  readonly required: readonly string[];
}[] = [
  {
    type: /^bash_\d/,
    description: 'Runs a command in a persistent bash session and returns its output.',
    properties: {
      command: { type: 'string', description: 'The command to run.' },
      restart: { type: 'boolean', description: 'Restarts the session.' },
    },
    required: [],
  },
  {
    type: /^text_editor_\d/,
    description: 'Views, creates and edits text files.',
    properties: {
      command: { type: 'string', enum: ['view', 'create', 'str_replace', 'insert'] },
      ...FILE_PROPERTIES,
    },
    required: ['command', 'path'],
  },
  {
    type: /^memory_\d/,
    description: 'Keeps files under /memories from one conversation to the next.',
    properties: {
      command: { type: 'string', enum: ['view', 'create', 'str_replace', 'insert', 'delete', 'rename'] },
      ...FILE_PROPERTIES,
      old_path: { type: 'string' },
      new_path: { type: 'string' },
    },
    required: ['command'],
  },
];

/** Whether Anthropic itself defines the tool: it has a type of its own and no schema. */
export function isServerTool(tool: Block): boolean {
  return typeof tool.type === 'string' && tool.type !== 'custom' && !isRecord(tool.input_schema);
}

/** The same tool with description and schema, if its client runs it; `undefined`: only Anthropic's servers can. */
export function asFunction(tool: Block): Block | undefined {
  const known = CLIENT_RUN.find(({ type }) => type.test(textOf(tool.type)));
  if (known === undefined) return undefined;
  const { description, properties, required } = known;
  return { name: tool.name, description, input_schema: { type: 'object', properties, required } };
}

/** What a server's tool did in an earlier turn, in words; `undefined` for other blocks. */
export function serverToolText(block: Block): string | undefined {
  const type = textOf(block.type);
  if (type === 'server_tool_use') {
    const input = isRecord(block.input) ? block.input : {};
    return `[${textOf(block.name)}: ${textOf(input.query) || textOf(input.url) || JSON.stringify(input)}]`;
  }
  if (!type.endsWith('_tool_result')) return undefined;
  const lines = blocksOf(block.content).flatMap((result) => {
    const line = [textOf(result.title), textOf(result.url)].filter((part) => part !== '').join(' ');
    return line === '' ? [] : [`- ${line}`];
  });
  return lines.join('\n');
}
