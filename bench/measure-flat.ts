import { cpuPerRequest } from './measure-requests.ts';
import { type Row, versusRow } from './rows.ts';
import type { Stage } from './stage.ts';

const BODY_BYTES = 1024;
const FEW_SESSIONS = 8;
const MANY_PROVIDERS = 200;

/** Whether a request costs the same with many providers, and with many sessions known. */
export async function measureFlat(stage: Stage): Promise<Row[]> {
  stage.say('CPU time with many providers and many sessions …');
  const { upstream, client, effort } = stage;
  const provider = { base_url: upstream };
  const many = Array.from({ length: MANY_PROVIDERS }, () => provider);
  const subjects = [
    { target: await stage.another('few', [provider]), sessions: FEW_SESSIONS },
    { target: await stage.another('many-providers', many), sessions: FEW_SESSIONS },
    { target: await stage.another('many-sessions', [provider]), sessions: effort.sessions },
  ];
  // Each has served as many requests before, so that nothing but the number of sessions differs.
  for (const { target, sessions } of subjects) {
    await client.requests({
      url: target.url,
      bytes: BODY_BYTES,
      count: effort.sessions,
      concurrency: 8,
      sessions,
    });
  }
  const [few, providers, known] = await cpuPerRequest(stage, subjects, BODY_BYTES);
  for (const { target } of subjects) await target.end();
  const unit = 'µs';
  const sessions = effort.sessions.toLocaleString('en');
  return [
    versusRow(
      { key: 'flat-providers', what: `CPU with ${MANY_PROVIDERS} providers, to one`, unit },
      few,
      providers,
    ),
    versusRow(
      { key: 'flat-sessions', what: `CPU with ${sessions} sessions known, to ${FEW_SESSIONS}`, unit },
      few,
      known,
    ),
  ];
}
