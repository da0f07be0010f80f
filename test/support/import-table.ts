/** What one module may import besides itself. `docs/architecture.md` shows the same table. */
export interface ImportRow {
  /** Modules whatever of them. */
  readonly modules: readonly string[];
  /** Modules of which only types may be imported. */
  readonly types: readonly string[];
  /** Modules of which only this one file may be imported. */
  readonly files: readonly string[];
  /** Packages of npm. */
  readonly packages: readonly string[];
  /** Packages of npm of which only types may be imported: they are not there when the product runs. */
  readonly packageTypes: readonly string[];
  /** Node's own modules: in all its files, in none, or in these. */
  readonly node: 'all' | 'none' | readonly string[];
}

const NOTHING: ImportRow = {
  modules: [],
  types: [],
  files: [],
  packages: [],
  packageTypes: [],
  node: 'none',
};

/** The composition: it alone knows everything. */
export const EVERYTHING = 'everything';

/** The import table: a module is a folder of `src/`, `main` is `src/main.ts`. */
export const IMPORT_TABLE: Readonly<Record<string, ImportRow | typeof EVERYTHING>> = {
  domain: NOTHING,
  sse: NOTHING,
  protocols: { ...NOTHING, modules: ['domain', 'sse'], packageTypes: ['@anthropic-ai/sdk', 'openai'] },
  tokens: { ...NOTHING, modules: ['domain'], packages: ['js-tiktoken'], node: 'all' },
  machines: { ...NOTHING, modules: ['domain'], packages: ['xstate'] },
  config: {
    ...NOTHING,
    types: ['domain'],
    packages: ['valibot', 'yaml'],
    node: ['src/config/load.ts', 'src/config/locate.ts', 'src/config/watch.ts'],
  },
  upstream: { ...NOTHING, modules: ['domain', 'sse', 'protocols'], packages: ['undici'], node: 'all' },
  broadcast: {
    ...NOTHING,
    modules: ['domain', 'sse', 'protocols'],
    packages: ['rxjs', 'lru-cache'],
    node: 'all',
  },
  simulator: { ...NOTHING, modules: ['domain', 'sse', 'protocols'], node: 'all' },
  telemetry: {
    ...NOTHING,
    modules: ['domain'],
    types: ['machines'],
    packages: ['pino', 'rotating-file-stream'],
    node: 'all',
  },
  oauth: { ...NOTHING, modules: ['domain'], types: ['machines'], node: 'all' },
  inspector: {
    ...NOTHING,
    modules: ['domain'],
    packages: ['preact', 'uplot', 'virtual:charts'],
    packageTypes: ['xstate', 'elkjs'],
  },
  engine: {
    ...NOTHING,
    modules: ['machines', 'upstream', 'broadcast', 'oauth', 'protocols', 'tokens', 'domain'],
    types: ['config', 'telemetry'],
    packages: ['xstate'],
    node: 'all',
  },
  http: {
    ...NOTHING,
    modules: ['domain'],
    files: [
      'src/engine/interface.ts',
      'src/protocols/chat-completions/request.ts',
      'src/protocols/chat-completions/reply.ts',
      'src/protocols/chat-completions/errors.ts',
    ],
    packages: ['hono', '@hono/node-server', 'valibot', '@valibot/to-json-schema', 'ws'],
    node: 'all',
  },
  main: EVERYTHING,
  cli: EVERYTHING,
};

/** Where the hot path runs: no web streams there, and no client but the transport. */
export const PLAIN_FOLDERS: readonly string[] = ['upstream', 'engine', 'broadcast', 'http'];
