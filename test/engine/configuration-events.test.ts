import { expect, it } from 'vitest';
import { logLine } from '../../src/telemetry/log-line.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

it('the configuration is told before the balancer listens', async () => {
  const bench = await balance({ providers: [entry(await start())] });
  const told = bench.events.filter(({ type }) => type === 'config.loaded' || type === 'server.listening');
  expect(told).toMatchObject([{ type: 'config.loaded', providers: 1 }, { type: 'server.listening' }]);
});

it('a reload says what it changed: providers, settings by their names, routes, the order', async () => {
  const [first, second] = [entry(await start({ name: 'first' })), entry(await start({ name: 'second' }))];
  const providers = [first, second];
  const bench = await balance({ providers });
  const said = async (file: Parameters<typeof bench.reload>[0]): Promise<string> => {
    await bench.reload(file);
    const event = bench.events.findLast(({ type }) => type === 'config.reloaded');
    return event === undefined ? '' : logLine(event, 0).message;
  };
  const settings = { log_level: 'ERROR', hold_while_cooling: 5 };
  const told = 'Configuration reloaded: ';
  expect(await said({ providers })).toBe(`${told}nothing has changed`);
  expect(await said({ providers, settings })).toBe(`${told}settings hold_while_cooling, log_level`);
  const model_routes = { '*': [{ provider: 'first', model: 'passthrough', priority: 1 }] };
  expect(await said({ providers, settings, model_routes })).toBe(`${told}other routes`);
  expect(await said({ providers: [second, first], settings, model_routes })).toBe(
    `${told}another order of providers`,
  );
  expect(await said({ providers: [first], settings, model_routes })).toBe(`${told}removed second`);
});

it.each(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'])(
  'the settings show log_level %s in the word of the file',
  async (level) => {
    const bench = await balance({ providers: [entry(await start())], settings: { log_level: level } });
    expect(await bench.view()).toMatchObject({ settings: { log_level: level } });
  },
);
