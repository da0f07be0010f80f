import { isRecord } from '../domain/is-record.ts';
import type { Candidate } from '../domain/routing/candidate.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { asFunction, isServerTool } from '../protocols/openai/server-tools.ts';
import type { Runtime } from './runtime.ts';

/** A longer list holds a client's tools, whose definitions are long. Bytes. */
const LONGEST = 4_096;

type Tiers = readonly (readonly Candidate[])[];

/**
 * The candidates, those of type `anthropic` first where the request is about nothing but tools that Anthropic's servers run, as
 * Claude Code's web search is: others could only answer from memory.
 */
export function serverToolsFirst(
  tiers: Tiers,
  walked: Pick<WalkedBody, 'bytes' | 'members'>,
  runtime: Runtime,
): Tiers {
  if (runtime.isAnthropicOnly) return tiers;
  const isAble = ({ provider }: Candidate): boolean => runtime.providers.get(provider)?.type === 'anthropic';
  if (tiers.every((tier) => tier.every(isAble)) || !asksServerToolsOnly(walked)) return tiers;
  const able = tiers.map((tier) => tier.filter(isAble));
  const others = tiers.map((tier) => tier.filter((candidate) => !isAble(candidate)));
  return [...able, ...others].filter((tier) => tier.length > 0);
}

function asksServerToolsOnly({ bytes, members }: Pick<WalkedBody, 'bytes' | 'members'>): boolean {
  const tools = members.get('tools');
  if (tools === undefined || tools.valueEnd - tools.valueStart > LONGEST) return false;
  const list = parsed(bytes.subarray(tools.valueStart, tools.valueEnd));
  return (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((tool) => isRecord(tool) && isServerTool(tool) && asFunction(tool) === undefined)
  );
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
