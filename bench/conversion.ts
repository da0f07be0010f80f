import { DEFAULT_COMPAT } from '../src/protocols/openai/compat.ts';
import { convertRequest } from '../src/protocols/openai/request.ts';
import { createTranslation, encodeEvents } from '../src/protocols/openai/stream-translation.ts';
import { CHAT } from './stream-events.ts';
import { requestBody } from './traffic.ts';

/** CPU time of conversions by themselves, in this process. */
export interface ConversionTimes {
  /** A request of 100 KB, from bytes to bytes, ms. */
  readonly requestMs: number;
  /** A stream event, from the provider's bytes to ours, µs. */
  readonly eventUs: number;
}

const BODY_BYTES = 100 * 1024;
const MODEL = 'a-model';

export function conversionTimes(): ConversionTimes {
  const body = requestBody(BODY_BYTES, crypto.randomUUID());
  const options = { compat: DEFAULT_COMPAT, model: MODEL, stream: true };
  const convert = () => convertRequest(JSON.parse(body.toString()) as Record<string, unknown>, options);
  const { asked } = convert();
  const answer = { compat: DEFAULT_COMPAT, asked, model: MODEL, inputTokens: 1, seed: 'bench' };
  const translation = createTranslation(answer);
  return {
    requestMs: cpuUs(300, () => Buffer.from(convert().body)) / 1000,
    eventUs: cpuUs(30_000, () => encodeEvents(translation.push(CHAT.delta))),
  };
}

/** The median over rounds, once what runs is compiled. */
function cpuUs(times: number, act: () => unknown): number {
  const rounds: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const before = process.cpuUsage();
    for (let time = 0; time < times; time += 1) act();
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / times);
  }
  return rounds.sort((a, b) => a - b)[4] ?? Number.NaN;
}
