import { textHash } from './text-hash.ts';

/** Both ways between the client's tool names and those that a provider takes. */
export interface ToolNames {
  toProvider(name: string): string;
  /** A name that stands for none of the client's comes back as it is: Claude Code answers it with an error result. */
  toClient(name: string): string;
}

/** Letters of the hash and the line before it. */
const SUFFIX_LENGTH = 9;

/**
 * Names of letters, digits, `_` and `-` up to `limit` stay. Others become their beginning and a hash of the whole name: the same in tools,
 * `tool_choice` and history and after a restart, for providers' caches and the pairing of calls depend on it.
 */
export function createToolNames(names: Iterable<string>, limit = 64): ToolNames {
  const toProvider = new Map<string, string>();
  const toClient = new Map<string, string>();
  const all = new Set(names);
  for (const name of all) if (fits(name, limit)) toClient.set(name, name);
  for (const name of all) {
    if (fits(name, limit)) continue;
    let short = shortened(name, '', limit);
    for (let salt = 1; toClient.has(short); salt++) short = shortened(name, String(salt), limit);
    toProvider.set(name, short);
    toClient.set(short, name);
  }
  return {
    toProvider: (name) => toProvider.get(name) ?? (fits(name, limit) ? name : shortened(name, '', limit)),
    toClient: (name) => toClient.get(name) ?? name,
  };
}

function fits(name: string, limit: number): boolean {
  return name.length <= limit && /^[a-zA-Z0-9_-]+$/.test(name);
}

function shortened(name: string, salt: string, limit: number): string {
  const prefix = name.slice(0, limit - SUFFIX_LENGTH).replace(/[^a-zA-Z0-9_-]/g, '_');
  return `${prefix}_${textHash(name + salt).slice(-(SUFFIX_LENGTH - 1))}`;
}
