import type { ProviderSettings } from '../../src/domain/settings/settings.ts';
import { openStateStore } from '../../src/engine/state-file.ts';

/**
 * Writes the state file again and again, as fast as it can, until it is killed: the n-th time with a cooldown that began
 * at n. Says `ready` once the first one is there.
 */
const [file = '', length = '60000', records = '50'] = process.argv.slice(2);
const settings = { id: 'p', baseUrl: 'https://p.example', credential: { kind: 'api_key', value: 'k' } };
const provider = settings as unknown as ProviderSettings;
let count = 0;

const store = await openStateStore({
  file,
  // Its second between two writes would make the killer wait.
  clock: {
    now: () => count,
    setTimeout: (callback) => setImmediate(callback),
    clearTimeout: (handle) => clearImmediate(handle as NodeJS.Immediate),
  },
  collect: () => {
    count += 1;
    const cooling = {
      since: count,
      until: count + Number(length),
      basis: 'suspicion',
      cause: 'stalled',
    } as const;
    const record = { failures: 2, trips: 1, cooling };
    const pairs = new Map(Array.from({ length: Number(records) }, (_, at) => [`model-${at}`, record]));
    return [{ provider, disabledByHand: false, health: { provider: record, pairs, endpoints: new Map() } }];
  },
  warn: (message) => process.stdout.write(`warning: ${message}\n`),
});

for (let time = 0; ; time += 1) {
  store.changed();
  await store.flush();
  if (time === 0) process.stdout.write('ready\n');
}
