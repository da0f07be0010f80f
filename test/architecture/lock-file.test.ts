import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('the locked packages', () => {
  it('run nothing when they are installed, but for one that only tests use', () => {
    const running = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(running.map(([path, { dev }]) => [path, dev])).toEqual([['node_modules/msw', true]]);
  });

  it('come from the registry: no address, no folder, no repository', () => {
    const foreign = packages.filter(
      ([, { resolved, link }]) =>
        link === true || (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')),
    );
    expect(foreign).toEqual([]);
  });
});

it('the package itself runs nothing when it is installed', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    expect(scripts).not.toHaveProperty(name);
});
