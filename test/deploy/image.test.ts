import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../http/fixture.ts';
import { instructionsOf, stagesOf } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

const stages = stagesOf(instructionsOf(read('Dockerfile')));
const last = stages.at(-1) ?? [];
const lastOf = (name: string) => last.filter((each) => each.name === name).at(-1)?.value ?? '';

describe('the Dockerfile', () => {
  it('has a stage that builds and one that runs, both of an official image pinned to a major version', () => {
    expect(stages).toHaveLength(2);
    for (const [from] of stages) expect(from?.value).toMatch(/^node:\d+-(?:slim|alpine)(?: AS \w+)?$/);
    expect(last[0]?.value).toContain('alpine');
  });

  it('uses only instructions that exist, fetches nothing by ADD and holds no secret', () => {
    const known = /^(?:FROM|ENV|WORKDIR|COPY|RUN|USER|EXPOSE|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD)$/;
    for (const { name, value } of stages.flat()) {
      expect(name).toMatch(known);
      expect(value).not.toMatch(/https?:\/\/(?!127\.0\.0\.1)|curl|wget|(?:key|token|secret|password)\s*=/i);
    }
  });

  it('runs as nobody in particular: its user is not root, and nothing is installed after the build', () => {
    expect(lastOf('USER')).toBe('node');
    const users = last.findIndex(({ name }) => name === 'USER');
    expect(last.slice(users).some(({ name }) => name === 'RUN' || name === 'COPY')).toBe(false);
    expect(last.some(({ name, value }) => name === 'RUN' && /npm|apk|apt/.test(value))).toBe(false);
  });

  it('listens beyond the container, on the port that it exposes', () => {
    expect(lastOf('ENV')).toContain('HOST=0.0.0.0');
    expect(lastOf('ENV')).toContain(`PORT=${lastOf('EXPOSE')}`);
  });

  it('copies only what there is, and what is let into its context', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    for (const name of allowed) expect(existsSync(join(ROOT, name)), name).toBe(true);
    const copied = stages
      .flat()
      .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from'))
      .flatMap(({ value }) => value.split(' ').slice(0, -1));
    expect(copied.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(allowed.filter((name) => !copied.includes(name))).toEqual([]);
  });

  it('starts the compiled program, by words and not by a shell, so that signals reach it', () => {
    for (const name of ['ENTRYPOINT', 'CMD']) expect(JSON.parse(lastOf(name))).toBeInstanceOf(Array);
    const manifest = JSON.parse(read('package.json'));
    expect(JSON.parse(lastOf('ENTRYPOINT'))).toEqual([
      'node',
      `/app/${manifest.bin['claude-code-balancer']}`,
    ]);
  });

  it('asks after its health by Node itself, and what it runs finds a balancer well or not there', async () => {
    const command = lastOf('HEALTHCHECK').split(' CMD ')[1] ?? '';
    const [program, ...args] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    expect(args.join(' ')).toContain('/livez');
    const fixture = new Fixture();
    const server = await fixture.listen();
    try {
      const ask = (port: number) =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, args, { env: { PORT: String(port) }, stdio: 'ignore' }).on(
            'close',
            resolve,
          );
        });
      expect(await ask(server.port)).toBe(0);
      fixture.stop();
      expect(await ask(server.port)).toBe(1);
    } finally {
      fixture.stop();
    }
  });
});

describe('the files of docs/deploy', () => {
  it('name only programs and paths that the package has', () => {
    const manifest = JSON.parse(read('package.json'));
    const unit = read('docs/deploy/claude-code-balancer.service');
    const main = `node_modules/${manifest.name}/${manifest.bin['claude-code-balancer']}`;
    expect(unit).toContain(`ExecStart=/usr/bin/env node /opt/claude-code-balancer/${main} start --config `);
    expect(unit).toMatch(/^DynamicUser=yes$/m);
  });

  it('give running answers longer to finish than the balancer does', () => {
    const shutdown = 60;
    expect(
      Number(/TimeoutStopSec=(\d+)/.exec(read('docs/deploy/claude-code-balancer.service'))?.[1]),
    ).toBeGreaterThan(shutdown);
    expect(Number(/stop_grace_period: (\d+)s/.exec(read('docs/deploy/compose.yaml'))?.[1])).toBeGreaterThan(
      shutdown,
    );
  });

  it('let streams pass at once: nginx does not buffer, Caddy flushes', () => {
    expect(read('docs/deploy/nginx.conf')).toMatch(/^\s*proxy_buffering off;$/m);
    expect(read('docs/deploy/Caddyfile')).toMatch(/^\s*flush_interval -1$/m);
  });

  it.skipIf(!has('systemd-analyze'))('hold a unit that systemd accepts', () => {
    const unit = join(ROOT, 'docs/deploy/claude-code-balancer.service');
    expect(() => execFileSync('systemd-analyze', ['verify', unit], { stdio: 'pipe' })).not.toThrow();
  });
});

function has(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
