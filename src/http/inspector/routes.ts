import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import * as v from 'valibot';
import { REQUEST_RESULTS, TRACE_FORMAT, type TraceFile } from '../../domain/inspection/inspection.ts';
import type { OperatorAction } from '../../engine/interface.ts';
import type { AppDependencies, HttpContext } from '../context.ts';
import { problemResponse } from '../problem.ts';
import { providerView } from '../provider-view.ts';
import { queryValue } from '../query.ts';
import type { Route } from '../route.ts';
import { DetailSchema, PageSchema, SnapshotSchema } from '../schemas/inspector.ts';
import { ErrorSchema } from '../schemas/problem.ts';
import { OperatedSchema } from '../schemas/providers.ts';
import { sendFeed } from './feed.ts';
import { servedFile } from './page.ts';
import type { InspectorPort } from './port.ts';
import { sessionRoutes } from './session-routes.ts';
import { snapshotView } from './snapshot.ts';

const INSPECTOR_TAG = 'Inspector';

/** The page's own actions, and what each is for the engine. */
const ACTIONS = {
  cool: 'cool',
  heal: 'reset',
  disable: 'disable',
  enable: 'enable',
} as const satisfies Readonly<Record<string, OperatorAction>>;

const HistorySchema = v.optional(
  v.pipe(v.string(), v.regex(/^\d{1,5}$/, 'must be a whole number.')),
  '10000',
);
const LimitSchema = v.optional(
  v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,2}|1000)$/, 'must be a number from 1 to 1000.')),
  '200',
);
const BeforeSchema = v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number.')));
const WordSchema = v.optional(v.string());

/** `/inspector` and everything below it. */
export function inspectorRoutes(deps: AppDependencies): Route[] {
  const { inspector } = deps;
  if (inspector === undefined) return [];
  return [
    ...pageRoutes(inspector),
    ...sessionRoutes(deps, inspector.sessions),
    {
      method: 'GET',
      path: '/inspector/events',
      operation: {
        id: 'followEvents',
        tag: INSPECTOR_TAG,
        summary: 'What happens, as it happens',
        description:
          'Server-sent events: `events` holds a list of what came; `hello`, `restarted` and `gap` say where the feed begins. ' +
          'Whoever comes back with Last-Event-ID misses nothing that is still kept.',
        parameters: [
          {
            name: 'last-event-id',
            in: 'header',
            description: 'The last id that was seen.',
            schema: v.string(),
          },
        ],
        answers: { 200: { description: 'The feed.', schema: v.string(), type: 'text/event-stream' } },
      },
      handler: (c) => feed(c, deps, inspector),
    },
    {
      method: 'GET',
      path: '/inspector/snapshot',
      operation: {
        id: 'getInspectorSnapshot',
        tag: INSPECTOR_TAG,
        summary: 'Providers, the last hour and the events that are kept',
        parameters: [
          {
            name: 'history',
            in: 'query',
            description: 'How many events of the past.',
            schema: HistorySchema,
          },
        ],
        answers: { 200: { description: 'The state at this moment.', schema: SnapshotSchema } },
      },
      handler: (c) => {
        const history = queryValue(c, 'history', HistorySchema);
        if (history.kind === 'refused') return history.response;
        return sendJson(deps, snapshotView(deps, inspector, Number(history.value)));
      },
    },
    requestsRoute(deps, inspector),
    {
      method: 'GET',
      path: '/inspector/requests/{id}',
      operation: {
        id: 'getInspectedRequest',
        tag: INSPECTOR_TAG,
        summary: 'One request with everything that was tried for it',
        parameters: [
          { name: 'id', in: 'path', description: 'Its id (x-balancer-request-id).', schema: v.string() },
        ],
        answers: {
          200: { description: 'The request.', schema: DetailSchema },
          404: { description: 'It is not kept.', schema: ErrorSchema },
        },
      },
      handler: (c) => {
        const detail = inspector.detail(c.req.param('id') ?? '');
        return detail === undefined ? notKept(c) : sendJson(deps, detail);
      },
    },
    {
      method: 'GET',
      path: '/inspector/requests/{id}/trace',
      operation: {
        id: 'exportTrace',
        tag: INSPECTOR_TAG,
        summary: 'One request as a file, for the command replay',
        parameters: [{ name: 'id', in: 'path', description: 'Its id.', schema: v.string() }],
        answers: {
          200: { description: 'The trace.', schema: DetailSchema },
          404: { description: 'It is not kept.', schema: ErrorSchema },
        },
      },
      handler: (c) => trace(c, deps, inspector),
    },
    ...Object.entries(ACTIONS).map(([name, action]) => actionRoute(name, action, deps)),
  ];
}

function pageRoutes(inspector: InspectorPort): Route[] {
  const page = { description: 'The page.', schema: v.string(), type: 'text/html' };
  return [
    {
      method: 'GET',
      path: '/inspector',
      operation: {
        id: 'getInspector',
        tag: INSPECTOR_TAG,
        summary: 'The inspector, for a browser',
        description: 'With authentication on, a form asks for the key first.',
        answers: { 200: page },
      },
      handler: (c) => servedFile(c, inspector, 'index.html'),
    },
    {
      method: 'GET',
      path: '/inspector/assets/{file}',
      operation: {
        id: 'getInspectorFile',
        tag: INSPECTOR_TAG,
        summary: 'A file of the page',
        parameters: [{ name: 'file', in: 'path', description: 'Its name.', schema: v.string() }],
        answers: { 200: { ...page, description: 'The file.' }, 404: { description: 'There is none.' } },
      },
      handler: (c) => servedFile(c, inspector, `assets/${c.req.param('file') ?? ''}`),
    },
  ];
}

function requestsRoute(deps: AppDependencies, inspector: InspectorPort): Route {
  const word = (name: string, description: string) =>
    ({ name, in: 'query', description, schema: WordSchema }) as const;
  return {
    method: 'GET',
    path: '/inspector/requests',
    operation: {
      id: 'findRequests',
      tag: INSPECTOR_TAG,
      summary: 'The last requests, newest first',
      parameters: [
        word('session', 'Of this session.'),
        word('provider', 'That tried this provider, or were served by it.'),
        word('outcome', `That ended so: ${REQUEST_RESULTS.join(', ')}.`),
        word('model', 'Of this model.'),
        word('text', 'With this in id, model, session, providers or error.'),
        { name: 'before', in: 'query', description: '`next` of the page before.', schema: BeforeSchema },
        { name: 'limit', in: 'query', description: 'At most so many.', schema: LimitSchema },
      ],
      answers: {
        200: { description: 'A page of them.', schema: PageSchema },
        400: { description: 'A parameter is none.', schema: ErrorSchema },
      },
    },
    handler: (c) => {
      const limit = queryValue(c, 'limit', LimitSchema);
      if (limit.kind === 'refused') return limit.response;
      const before = queryValue(c, 'before', BeforeSchema);
      if (before.kind === 'refused') return before.response;
      const { outcome: result, ...words } = wordsOf(c);
      const page = inspector.page({
        limit: Number(limit.value),
        ...words,
        ...(result === undefined ? {} : { result }),
        ...(before.value === undefined ? {} : { before: Number(before.value) }),
      });
      return sendJson(deps, page);
    },
  };
}

function wordsOf(
  c: HttpContext,
): Partial<Record<'session' | 'provider' | 'model' | 'text' | 'outcome', string>> {
  const names = ['session', 'provider', 'model', 'text', 'outcome'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = c.req.query(name)?.slice(0, 300);
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

function actionRoute(name: string, action: OperatorAction, deps: AppDependencies): Route {
  return {
    method: 'POST',
    path: `/inspector/providers/{id}/${name}`,
    operation: {
      id: `${name}InspectedProvider`,
      tag: INSPECTOR_TAG,
      summary: `As POST /providers/{name}/${action}, for the page`,
      parameters: [{ name: 'id', in: 'path', description: 'The provider’s id.', schema: v.string() }],
      answers: {
        200: { description: 'Done.', schema: OperatedSchema },
        404: { description: 'No provider is called so.', schema: ErrorSchema },
      },
    },
    handler: (c) => {
      const meant = deps.engine.operate(c.req.param('id') ?? '', action);
      if (meant.length === 0)
        return problemResponse(c, { status: 404, message: 'No provider is called so.' });
      const view = { settings: deps.settings(), now: deps.now(), redact: deps.redact };
      const providers = meant.map((provider) => providerView(provider, view));
      return sendJson(deps, {
        status: 'success',
        message: `${meant.map(({ id }) => id).join(', ')}: ${name}.`,
        providers,
      });
    },
  };
}

function feed(c: HttpContext, deps: AppDependencies, inspector: InspectorPort): Response {
  const { outgoing } = c.env;
  if (outgoing === undefined) throw new Error('This route needs a connection.');
  const lastEventId = c.req.header('last-event-id') ?? c.req.query('last_event_id');
  sendFeed(inspector, outgoing, { redact: deps.redact, lastEventId });
  return RESPONSE_ALREADY_SENT;
}

function trace(c: HttpContext, deps: AppDependencies, inspector: InspectorPort): Response {
  const detail = inspector.detail(c.req.param('id') ?? '');
  if (detail === undefined) return notKept(c);
  const file: TraceFile = { format: TRACE_FORMAT, formatVersion: 1, version: deps.version, ...detail };
  const name = detail.summary.id.replace(/[^\w-]/g, '_');
  return sendJson(deps, file, { 'content-disposition': `attachment; filename="${name}.trace.json"` });
}

function notKept(c: HttpContext): Response {
  return problemResponse(c, { status: 404, message: 'This request is not kept, or never was.' });
}

/** Whatever goes out here is struck through once more as a whole. */
function sendJson(
  deps: AppDependencies,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(deps.redact(JSON.stringify(value)), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
}
