import { expect, it } from 'vitest';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

it('the inspector’s routes stand in the document, and in its pages', async () => {
  const bench = await balance({ providers: [entry(await start({ name: 'good', behaviour: GOOD }))] });
  const answer = await fetchAnswer(`${bench.url}/openapi.json`);
  expect(answer.status, answer.text.slice(0, 300)).toBe(200);
  const { paths } = answer.json() as {
    paths: Record<string, Record<string, { parameters?: { name: string; schema: object }[] }>>;
  };
  expect(Object.keys(paths).filter((path) => path.startsWith('/inspector'))).toEqual([
    '/inspector',
    '/inspector/assets/{file}',
    '/inspector/session',
    '/inspector/session/end',
    '/inspector/events',
    '/inspector/snapshot',
    '/inspector/requests',
    '/inspector/requests/{id}',
    '/inspector/requests/{id}/trace',
    '/inspector/providers/{id}/cool',
    '/inspector/providers/{id}/heal',
    '/inspector/providers/{id}/disable',
    '/inspector/providers/{id}/enable',
  ]);
  const limit = paths['/inspector/requests']?.get?.parameters?.find(({ name }) => name === 'limit');
  expect(limit?.schema).toMatchObject({ type: 'string' });
  const page = await fetchAnswer(`${bench.url}/docs`);
  expect([page.status, page.text.includes('/inspector/requests')]).toEqual([200, true]);
});
