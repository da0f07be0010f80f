import type { ProviderStatus } from '../engine/interface.ts';
import type { AppDependencies } from './context.ts';
import { isAvailable } from './provider-view.ts';
import type { Route } from './route.ts';
import {
  AliveSchema,
  HealthySchema,
  HelloSchema,
  NotReadySchema,
  ReadySchema,
  ServiceSchema,
  UnhealthySchema,
} from './schemas/probes.ts';

const TAG = 'Probes';

/** Who we are and whether we can work: `/`, `/api/hello`, `/health`, `/livez`, `/readyz`. */
export function probeRoutes(deps: AppDependencies): Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      operation: {
        id: 'getService',
        tag: TAG,
        summary: 'Name, version and how many providers are available',
        answers: { 200: { description: 'Always.', schema: ServiceSchema } },
      },
      handler: (c) =>
        c.json({
          service: deps.settings().appName,
          version: deps.version,
          status: 'healthy',
          providers_available: deps.engine.status().providers.filter(isAvailable).length,
        }),
    },
    {
      method: 'GET',
      path: '/health',
      operation: {
        id: 'getHealth',
        tag: TAG,
        summary: 'Whether any provider could be tried',
        description: 'A cooling provider would still be tried before anyone is refused, so it counts.',
        answers: {
          200: { description: 'At least one could.', schema: HealthySchema },
          503: { description: 'None could.', schema: UnhealthySchema },
        },
      },
      handler: (c) =>
        deps.engine.status().providers.some(couldBeTried)
          ? c.json({ status: 'healthy' })
          : c.json({ status: 'unhealthy', message: 'No healthy providers available' }, 503),
    },
    {
      method: 'GET',
      path: '/livez',
      operation: {
        id: 'getLiveness',
        tag: TAG,
        summary: 'Whether the process lives',
        description: 'Never asks for a key. For a container’s health check: no provider can make it fail.',
        answers: { 200: { description: 'It does.', schema: AliveSchema } },
      },
      handler: (c) => c.json({ status: 'alive' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      operation: {
        id: 'getReadiness',
        tag: TAG,
        summary: 'Whether requests should be sent here',
        description: 'Never asks for a key.',
        answers: {
          200: { description: 'They should.', schema: ReadySchema },
          503: { description: 'It starts, drains or has stopped.', schema: NotReadySchema },
        },
      },
      handler: (c) => {
        const phase = deps.phase();
        return phase === 'serving' ? c.json({ status: 'ready' }) : c.json({ status: phase }, 503);
      },
    },
    {
      method: 'GET',
      path: '/api/hello',
      operation: {
        id: 'hello',
        tag: TAG,
        summary: 'What Claude Code asks for once at its start',
        description: 'Without credentials; it wants nothing but an answer.',
        answers: { 200: { description: 'Always.', schema: HelloSchema } },
      },
      handler: (c) => c.json({ message: 'hello' }),
    },
  ];
}

/** A cooling provider would still be tried before anyone is refused; a disabled or unservable one would not. */
function couldBeTried(provider: ProviderStatus): boolean {
  return provider.enabled && provider.unservable === undefined && provider.state !== 'disabled';
}
