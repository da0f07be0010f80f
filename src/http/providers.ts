import * as v from 'valibot';
import type { OperatorAction } from '../engine/interface.ts';
import type { AppDependencies, HttpContext } from './context.ts';
import { problemResponse } from './problem.ts';
import { isAvailable, providersView, providerView, type ViewOptions } from './provider-view.ts';
import { queryValue } from './query.ts';
import type { Route } from './route.ts';
import { CleanupSchema, ForceSchema } from './schemas/probes.ts';
import { ErrorSchema } from './schemas/problem.ts';
import {
  OperatedSchema,
  ProvidersSchema,
  ReloadedSchema,
  ReloadRejectedSchema,
} from './schemas/providers.ts';

const TAG = 'Providers';

/** What can be done to a provider by hand: for people in short, and what it comes to. */
const ACTIONS: Readonly<Record<OperatorAction, { readonly summary: string; readonly done: string }>> = {
  cool: {
    summary: 'Have a provider cool from now on',
    done: 'cools from now on, as after a failure; a trial brings it back',
  },
  reset: {
    summary: 'Forget a provider’s failures and cooldowns',
    done: 'is reset: counts and cooldowns are forgotten',
  },
  forget: {
    summary: 'Forget what was learned from a provider’s refusals',
    done: 'gets whole requests again: what was learned from its refusals is forgotten',
  },
  disable: {
    summary: 'Switch a provider off by hand',
    done: 'is switched off by hand, until it is enabled again',
  },
  enable: { summary: 'Switch a provider on', done: 'is switched on' },
};

/** The operator's routes: look at the providers, reload the configuration, act by hand. */
export function providerRoutes(deps: AppDependencies): Route[] {
  const options = (): ViewOptions => ({ settings: deps.settings(), now: deps.now(), redact: deps.redact });
  return [
    {
      method: 'GET',
      path: '/providers',
      operation: {
        id: 'getProviders',
        tag: TAG,
        summary: 'Every provider with its health, and the rules in force',
        answers: { 200: { description: 'The state at this moment.', schema: ProvidersSchema } },
      },
      handler: (c) => c.json(providersView(deps.engine.status(), options())),
    },
    {
      method: 'POST',
      path: '/providers/reload',
      hint: ' A reload changes something, so it is a POST: curl -X POST …/providers/reload',
      operation: {
        id: 'reload',
        tag: TAG,
        summary: 'Read the configuration again',
        description:
          'Running requests end on the configuration they began with. A file with a mistake changes nothing.',
        answers: {
          200: { description: 'The new one is in force.', schema: ReloadedSchema },
          422: { description: 'It has mistakes; the running one stays.', schema: ReloadRejectedSchema },
        },
      },
      handler: (c) => reload(c, deps),
    },
    ...(['cool', 'reset', 'forget', 'disable', 'enable'] as const).map((action) =>
      actionRoute(action, deps, options),
    ),
    cleanupRoute(deps),
  ];
}

function actionRoute(action: OperatorAction, deps: AppDependencies, options: () => ViewOptions): Route {
  const { summary, done } = ACTIONS[action];
  return {
    method: 'POST',
    path: `/providers/{name}/${action}`,
    operation: {
      id: `${action}Provider`,
      tag: TAG,
      summary,
      description: 'A name that several accounts share means all of them, an id the one.',
      parameters: [{ name: 'name', in: 'path', description: 'A provider’s id or name.', schema: v.string() }],
      answers: {
        200: { description: 'Done.', schema: OperatedSchema },
        404: { description: 'No provider is called so.', schema: ErrorSchema },
      },
    },
    handler: (c) => {
      const name = c.req.param('name') ?? '';
      const meant = deps.engine.operate(name, action);
      const [first] = meant;
      if (first === undefined) return unknownProvider(c, name, deps);
      const providers = meant.map((provider) => providerView(provider, options()));
      const who = meant.length === 1 ? first.id : `${meant.map(({ id }) => id).join(', ')}: each`;
      return c.json({
        status: 'success',
        message: `${who} ${done}.`,
        ...(meant.length === 1 ? { provider: providers[0] } : {}),
        providers,
      });
    },
  };
}

function cleanupRoute(deps: AppDependencies): Route {
  return {
    method: 'POST',
    path: '/cleanup',
    operation: {
      id: 'cleanup',
      tag: TAG,
      summary: 'Forget what is kept between requests',
      description:
        'Sessions’ providers whose time is over, lists of models of providers that are no longer configured, and kept ' +
        'answers that are too old. With force: all of them, so that each session chooses its provider anew. Health is not touched, running ' +
        'requests neither.',
      parameters: [
        {
          name: 'force',
          in: 'query',
          description: 'Also what is still of use.',
          schema: ForceSchema,
        },
      ],
      answers: {
        200: { description: 'Done.', schema: CleanupSchema },
        400: { description: 'force is neither true nor false.', schema: ErrorSchema },
      },
    },
    handler: (c) => {
      const force = queryValue(c, 'force', ForceSchema);
      if (force.kind === 'refused') return force.response;
      const { sessions, modelLists, answers } = deps.engine.cleanup(force.value ?? false);
      return c.json({ status: 'cleanup completed', cleared: { sessions, model_lists: modelLists, answers } });
    },
  };
}

async function reload(c: HttpContext, deps: AppDependencies): Promise<Response> {
  const outcome = await deps.reload();
  if (outcome.kind === 'rejected') {
    const errors = outcome.errors.map(deps.redact);
    const message = `Failed to reload configuration, the running one stays: ${errors.join('; ')}`;
    return c.json({ status: 'error', message, errors }, 422);
  }
  const { providers } = deps.engine.status();
  return c.json({
    status: 'success',
    message: 'Provider configuration reloaded successfully',
    providers_count: providers.length,
    healthy_providers: providers.filter(isAvailable).length,
  });
}

function unknownProvider(c: HttpContext, name: string, deps: AppDependencies): Response {
  const known = deps.engine.status().providers.map(({ id }) => id);
  const list = known.length === 0 ? 'There is none.' : `There are: ${known.join(', ')}.`;
  return problemResponse(c, {
    status: 404,
    message: `No provider is called ${JSON.stringify(name.slice(0, 100))}. ${list}`,
  });
}
