import { type ChildProcess, spawn } from 'node:child_process';
import { CLIENT_BINARY } from './client-package.ts';

export interface ClaudeOptions {
  /** `ANTHROPIC_BASE_URL`. */
  readonly baseUrl: string;
  /** A throw-away folder: home and working directory. */
  readonly home: string;
  /** Default: a prompt that needs no tool. */
  readonly prompt?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default 60 s. */
  readonly deadlineMs?: number;
}

export interface ClaudeResult {
  /** null: ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClaudeRun {
  readonly process: ChildProcess;
  /** Rejects at the deadline, after the process was killed. */
  readonly result: Promise<ClaudeResult>;
}

/** The credential that the client holds; no provider may ever see it. */
export const CLIENT_KEY = 'sk-key-of-the-client';

/** Starts the real client in print mode, in a clean environment. */
export function startClaude(options: ClaudeOptions): ClaudeRun {
  // The prompt goes first: some options take all the words that follow.
  const args = ['-p', options.prompt ?? 'Say hello.', ...(options.args ?? [])];
  const child = spawn(CLIENT_BINARY, args, {
    cwd: options.home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME: options.home,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      ANTHROPIC_BASE_URL: options.baseUrl,
      ANTHROPIC_API_KEY: CLIENT_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...options.env,
    },
  });
  return { process: child, result: resultOf(child, options.deadlineMs ?? 60_000) };
}

function resultOf(child: ChildProcess, deadlineMs: number): Promise<ClaudeResult> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the client did not end within ${deadlineMs} ms; it said: ${JSON.stringify(text)}`));
    }, deadlineMs);
    child.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, ...text });
    });
  });
}
