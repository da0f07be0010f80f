import { conversionTimes } from './conversion.ts';
import { cpuPerRequest } from './measure-requests.ts';
import { cpuOfStreams, EVERY_MS } from './measure-streams.ts';
import { ownRow, type Row, versusRow } from './rows.ts';
import type { Stage } from './stage.ts';

const BODY_BYTES = 100 * 1024;

/** What a provider of type `openai` costs, to one of type `anthropic`, and conversions by themselves. */
export async function measureConversions(stage: Stage): Promise<Row[]> {
  stage.say('CPU time of conversions …');
  const { upstream, balancer } = stage;
  const chat = `${upstream}/v1/chat/completions`;
  const converting = await stage.another('converting', [{ base_url: chat, type: 'openai' }]);
  await stage.warm(converting);
  const [passed, converted] = await cpuPerRequest(
    stage,
    [{ target: balancer }, { target: converting }],
    BODY_BYTES,
  );
  await converting.end();
  // Its answers are streams without an end of their own: nothing warms it but these.
  const streaming = `${chat}?every=${EVERY_MS}`;
  const translating = await stage.another('translating', [{ base_url: streaming, type: 'openai' }]);
  const [event, translated] = await cpuOfStreams(stage, [{ target: balancer }, { target: translating }]);
  await translating.end();
  const { requestMs, eventUs } = conversionTimes();
  return [
    versusRow(
      { key: 'request-converted', what: 'CPU a converted request of 100 KB, to a passed one', unit: 'µs' },
      passed,
      converted,
    ),
    versusRow(
      { key: 'event-translated', what: 'CPU a translated stream event, to a passed one', unit: 'µs' },
      event,
      translated,
    ),
    ownRow({ key: 'conversion', what: 'conversion of 100 KB by itself', unit: 'ms' }, requestMs),
    ownRow({ key: 'translation', what: 'translation of an event by itself', unit: 'µs' }, eventUs),
  ];
}
