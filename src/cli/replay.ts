import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatDiagnostics } from '../config/format.ts';
import { loadConfiguration } from '../config/load.ts';
import { decisionPolicy } from '../domain/decision/decision.ts';
import type { RequestPlanRecord, TraceFile } from '../domain/inspection/inspection.ts';
import { compileRoutes, resolveRoutes } from '../domain/routing/routing.ts';
import { orderCandidates } from '../domain/routing/selection.ts';
import { createSelectionMemory } from '../domain/routing/selection-memory.ts';
import type { Configuration } from '../domain/settings/settings.ts';
import { hostOf } from '../engine/configuration-facts.ts';
import type { LineOf } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { replayTrace } from './replay-run.ts';
import { comparison, replayText } from './replay-text.ts';
import { readTrace } from './replay-trace.ts';
import type { World } from './world.ts';

/** `replay TRACE [--config FILE]`: a request once more, through the charts. 1: it decided otherwise than it had. */
export async function replay(line: LineOf<'replay'>, world: World): Promise<number> {
  const [name = ''] = line.words;
  const text = await textOf(resolve(world.cwd, name));
  if (text === undefined) return failed(`${name} cannot be read.`, world);
  const read = readTrace(text, name);
  if (read.kind === 'refused') return failed(read.message, world);
  const { trace } = read;
  if (trace.plan === undefined || trace.decisions.length === 0) {
    return failed(`${name} holds no decision: the request was answered without asking a provider.`, world);
  }
  const { config } = line.options;
  if (config === undefined) {
    const replayed = replayTrace(trace, trace.plan);
    const same = comparison(trace, replayed);
    world.stdout.write(replayText(trace, replayed, same));
    return same.kind === 'same' ? EXIT.ok : EXIT.failed;
  }
  const loaded = await loadConfiguration({ cwd: world.cwd, home: world.home, env: world.env, path: config });
  if (!loaded.ok) return failed(formatDiagnostics(loaded.diagnostics), world);
  const plan = planBy(loaded.configuration, trace);
  if (plan === undefined) {
    return failed(`With ${config} no provider serves ${trace.summary.model}.`, world);
  }
  const replayed = replayTrace(trace, plan);
  world.stdout.write(replayText(trace, replayed, comparison(trace, replayed), config));
  return EXIT.ok;
}

/** The rules that another configuration would have decided by; undefined: it has nobody for this model. */
function planBy(configuration: Configuration, trace: TraceFile): RequestPlanRecord | undefined {
  const { summary, plan } = trace;
  const routes = compileRoutes(configuration, ({ unservable }) => unservable === undefined);
  const routing = resolveRoutes(routes, summary.model, undefined);
  if (routing.kind !== 'routed') return undefined;
  const { settings, providers } = configuration;
  const { resilience } = settings;
  const seen = trace.decisions[0]?.considered ?? [];
  const { order, reason } = orderCandidates({
    tiers: routing.tiers,
    availability: ({ provider }) =>
      seen.find(({ candidate }) => candidate.provider === provider)?.availability ?? { kind: 'ready' },
    strategy: settings.selectionStrategy,
    randomTop: settings.randomTop,
    memory: createSelectionMemory(),
    session: undefined,
    now: summary.receivedAt,
    random: () => 0,
    stickyMs: 0,
    takesTurn: true,
  });
  const { endpoint } = summary;
  const stream = summary.stream && endpoint === 'messages';
  const before = plan === undefined ? resilience.requestBudgetMs : plan.deadlineAt - summary.receivedAt;
  return {
    order,
    reason,
    health: resilience,
    policy: decisionPolicy(resilience, { endpoint, stream }),
    deadlineAt: summary.receivedAt + (stream ? resilience.requestBudgetMs : before),
    hosts: Object.fromEntries(providers.map((provider) => [provider.id, hostOf(provider)])),
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

function failed(message: string, world: World): number {
  world.stderr.write(`${message}\n`);
  return EXIT.failed;
}
