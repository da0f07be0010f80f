import type { AttemptTrace } from '../domain/decision/trace.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { ProviderErrorKeys } from '../domain/refusal/error-envelope.ts';
import type { Runtime } from './runtime.ts';

/**
 * What an error of ours says of the provider that failed last, in the keys of the older products; null where none had
 * a part in it. Undefined unless `settings.expose_provider_errors` is on: whoever can send requests reads it.
 */
export function providerErrorKeys(
  { configuration, providers }: Pick<Runtime, 'configuration' | 'providers'>,
  attempts: readonly AttemptTrace[],
): ProviderErrorKeys | undefined {
  if (!configuration.settings.exposeProviderErrors) return undefined;
  const failed = attempts.findLast(({ outcome }) => outcome !== undefined && isFailure(outcome));
  if (failed?.outcome === undefined || !isFailure(failed.outcome)) return NOBODY;
  const { detail, errorType, code } = failed.outcome;
  const { provider } = failed.candidate;
  return {
    provider: providers.get(provider)?.name ?? provider,
    provider_message: detail,
    provider_code: errorType ?? code ?? null,
  };
}

const NOBODY: ProviderErrorKeys = { provider: null, provider_message: null, provider_code: null };
