import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import {
  type ProviderOptions,
  type SimulatedProvider,
  startProvider,
} from '../../../src/simulator/provider.ts';
import { type ConfigurationFile, type RunningBalancer, startBalancer } from './balancer.ts';
import { type ClaudeOptions, type ClaudeResult, type ClaudeRun, startClaude } from './claude.ts';
import { type BalancerProcess, startProcess } from './process.ts';

/** What one test sets up; all of it is gone after the test. */
export interface Stage {
  provider(options: ProviderOptions): Promise<SimulatedProvider>;
  balancer(file: ConfigurationFile): Promise<RunningBalancer>;
  /** Starts the balancer as a process; its configuration and its state lie in `folder`. */
  process(folder: string, file: ConfigurationFile, port?: number): Promise<BalancerProcess>;
  /** An empty folder. */
  folder(): Promise<string>;
  /** Starts the real client, with a home of its own. */
  startClaude(baseUrl: string, options?: Partial<ClaudeOptions>): Promise<ClaudeRun>;
  /** Runs the real client to its end. */
  claude(baseUrl: string, options?: Partial<ClaudeOptions>): Promise<ClaudeResult>;
  /** Runs after the test, last asked first. */
  afterwards(cleanUp: () => unknown): void;
}

/** A test with a stage of its own. Safe to run beside others. */
export const scene = test.extend<{ readonly stage: Stage }>({
  stage: async ({ task: _ }, use) => {
    const cleanUps: (() => unknown)[] = [];
    await use(createStage((cleanUp) => cleanUps.push(cleanUp)));
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  },
});

function createStage(afterwards: Stage['afterwards']): Stage {
  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'balancer-e2e-'));
    // The client may still write as it ends.
    afterwards(() => rm(path, { recursive: true, force: true, maxRetries: 5 }));
    return path;
  }

  async function start(baseUrl: string, options: Partial<ClaudeOptions> = {}): Promise<ClaudeRun> {
    const run = startClaude({ baseUrl, home: options.home ?? (await folder()), ...options });
    run.result.catch(() => undefined);
    afterwards(() => run.process.kill('SIGKILL'));
    return run;
  }

  return {
    async provider(options) {
      const provider = await startProvider(options);
      afterwards(() => provider.close());
      return provider;
    },
    async balancer(file) {
      const running = await startBalancer(file);
      afterwards(() => running.stop());
      return running;
    },
    async process(home, file, port = 0) {
      const path = join(home, 'providers.yaml');
      // JSON is YAML.
      await writeFile(path, JSON.stringify(file));
      const running = startProcess(path, home, port);
      afterwards(async () => {
        running.process.kill('SIGKILL');
        await running.exited;
      });
      return running;
    },
    folder,
    startClaude: start,
    claude: async (baseUrl, options) => (await start(baseUrl, options)).result,
    afterwards,
  };
}
