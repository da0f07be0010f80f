import type { Settings } from '../domain/settings/settings.ts';
import { HARMLESS, NOTE } from './diagnostic.ts';
import type { Environment } from './expand.ts';
import type { Report } from './report.ts';

/** `HOST` and `PORT` go before the file, as containers are used to; the command line's flags go before both. */
export function overrideListening(settings: Settings, env: Environment, report: Report): Settings {
  const host = env.HOST?.trim() ?? '';
  const port = env.PORT?.trim() ?? '';
  const usable = /^\d{1,5}$/.test(port) && Number(port) <= 65_535;
  if (port !== '' && !usable) {
    report('settings.port', {
      code: 'environment',
      ...HARMLESS,
      message: 'the environment variable PORT is ignored',
      found: JSON.stringify(port.slice(0, 60)),
      expected: 'a whole number up to 65535',
    });
  }
  const changed = {
    ...(host !== '' && host !== settings.host && { host }),
    ...(usable && Number(port) !== settings.port && { port: Number(port) }),
  };
  for (const [key, value] of Object.entries(changed)) {
    report(`settings.${key}`, {
      code: 'environment',
      ...NOTE,
      message: `the environment variable ${key.toUpperCase()} goes before the file: ${JSON.stringify(value)}`,
    });
  }
  return { ...settings, ...changed };
}
