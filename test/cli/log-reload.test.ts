import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorkplace } from './support.ts';

const workplace = createWorkplace();
afterEach(() => workplace.close());

const PROVIDER = 'providers: [{ name: only, base_url: "http://127.0.0.1:9", auth_value: test-key }]\n';
const withLog = (settings: string) => `${PROVIDER}settings: { state_file: "", reload: false, ${settings} }\n`;

describe('a reload takes over what the log is told', () => {
  it('level, file, sizes and name, from the line that tells of it on', async () => {
    const cwd = await workplace.folder({
      'providers.yaml': withLog('log_level: ERROR, log_file_path: first.jsonl'),
    });
    const balancer = workplace.launch(['start', '--port', '0'], { cwd });
    // At this level the log itself says nothing; the panel beside it does.
    const [, url] = await balancer.printed(/ANTHROPIC_BASE_URL=(\S+)/);
    const settings =
      'log_level: DEBUG, log_file_path: logs/second.jsonl, log_max_size: 300, app_name: Renamed';
    await writeFile(join(cwd, 'providers.yaml'), withLog(settings));
    const answer = await fetch(`${url}/providers/reload`, {
      method: 'POST',
      signal: AbortSignal.timeout(15_000),
    });
    expect(answer.status).toBe(200);
    balancer.signal('SIGTERM');
    expect(await balancer.exit).toBe(0);

    const files = (await readdir(join(cwd, 'logs'))).sort().reverse();
    expect(files.length).toBeGreaterThan(1);
    const texts = await Promise.all(files.map((name) => readFile(join(cwd, 'logs', name), 'utf8')));
    const lines = texts.flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    expect(lines.map(({ event }) => event)).toContain('server.stopped');
    expect(new Set(lines.map(({ logger }) => logger))).toEqual(new Set(['Renamed']));
    expect((await readdir(cwd)).filter((name) => name.startsWith('first'))).toEqual([]);
  });
});
