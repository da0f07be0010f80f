import type { LogLevel } from '../domain/settings/settings.ts';
import type { BalancerEvent, BalancerEventType, HealthChanged, RequestEnded } from './events.ts';
import { clockTime, counted, formatDuration } from './format.ts';
import { arrivalLine, requestLine } from './request-line.ts';

/** An event as it is logged. */
export interface LogLine {
  readonly level: LogLevel;
  readonly event: BalancerEventType;
  readonly message: string;
  readonly requestId?: string;
  /** What the message says, for machines. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** How loud each event is. Two kinds are louder the worse they are. */
const LEVELS: Readonly<Record<Exclude<BalancerEventType, 'request.ended' | 'health.changed'>, LogLevel>> = {
  'server.listening': 'info',
  'server.draining': 'info',
  'server.stopped': 'info',
  'config.loaded': 'info',
  'config.reloaded': 'info',
  'config.rejected': 'error',
  'config.warning': 'warn',
  'state.warning': 'warn',
  'tokens.warning': 'warn',
  'client.hint': 'warn',
  'auth.refused': 'warn',
  'provider.operated': 'info',
  'provider.learned': 'info',
  'provider.lacks': 'warn',
  fault: 'error',
  'request.received': 'debug',
  'request.attempt_failed': 'debug',
  'request.hint': 'warn',
  'request.joined': 'debug',
  'request.shared': 'debug',
  'request.rejected': 'warn',
};

/** How loud each ending is. A client that leaves is everyday life; nobody left to answer is not. */
const ENDING: Readonly<Record<RequestEnded['result'], LogLevel>> = {
  served: 'info',
  local: 'info',
  cancelled: 'info',
  refused: 'warn',
  broken: 'warn',
  exhausted: 'error',
  faulted: 'error',
};

/** How loud an event is. It is known before its line is made: most lines of requests are never written. */
export function levelOf(event: BalancerEvent): LogLevel {
  switch (event.type) {
    case 'request.ended':
      return ENDING[event.result];
    case 'health.changed':
      return event.to === 'cooling' ? 'warn' : 'info';
    default:
      return LEVELS[event.type];
  }
}

/** The one place that turns events into log lines. `offset`: the zone's minutes east of UTC. */
export function logLine(event: BalancerEvent, offset: number): LogLine {
  switch (event.type) {
    case 'server.listening':
      return line(event, `Listening on ${event.url}`, { url: event.url });
    case 'server.draining':
      return line(event, `Draining: ${counted(event.inFlight, 'request')} still running`, {
        in_flight: event.inFlight,
      });
    case 'server.stopped':
      return line(event, 'Stopped');
    case 'config.loaded':
      return line(event, configLoaded(event), { file: event.file, providers: event.providers });
    case 'config.reloaded':
      return line(event, `Configuration reloaded: ${changes(event)}`, {
        added: event.added,
        removed: event.removed,
        changed: event.changed,
        settings: event.settings,
        routes_changed: event.routesChanged,
        order_changed: event.orderChanged,
      });
    case 'config.rejected':
      return line(event, `Configuration rejected, the running one stays: ${event.message}`);
    case 'config.warning':
    case 'state.warning':
    case 'tokens.warning':
      return line(event, event.message);
    case 'client.hint':
      return line(event, event.message);
    case 'auth.refused':
      return {
        ...line(event, `Refused ${event.path}: ${event.reason}`, { path: event.path }),
        requestId: event.requestId,
      };
    case 'provider.operated':
      return line(event, `${event.provider}: ${event.action} by hand`, {
        provider: event.provider,
        action: event.action,
      });
    case 'provider.learned':
      return {
        ...line(event, learnedText(event), {
          provider: event.provider,
          model: event.model,
          parts: event.parts,
        }),
        requestId: event.requestId,
      };
    case 'provider.lacks': {
      const { provider, model, parts, requestId } = event;
      const message = `${provider}, ${model}: requests go there without ${parts.join(', and without ')}`;
      return { ...line(event, message, { provider, model, parts }), requestId };
    }
    case 'health.changed':
      return healthLine(event, offset);
    case 'fault':
      return {
        ...line(event, `${event.message} ${errorText(event.error)}`, {
          error: describe(event.error),
        }),
        ...(event.requestId === undefined ? {} : { requestId: event.requestId }),
      };
    default:
      return lineOfRequest(event);
  }
}

/** `GAC, claude-opus-5-5: goes without beta effort-2025-11-24 from now on · 400 …: This model does not …`. */
function learnedText({
  provider,
  model,
  parts,
}: Extract<BalancerEvent, { type: 'provider.learned' }>): string {
  const without = parts.filter(({ kind }) => kind !== 'value').map(({ kind, name }) => `${kind} ${name}`);
  const otherwise = parts.filter(({ kind }) => kind === 'value').map(({ name }) => name);
  const change = [
    ...(without.length === 0 ? [] : [`goes without ${without.join(', ')}`]),
    ...(otherwise.length === 0 ? [] : [`takes ${otherwise.join(', ')}`]),
  ].join(' and ');
  return `${provider}, ${model}: ${change} from now on · ${parts[0]?.because ?? ''}`;
}

type RequestEvent = Extract<BalancerEvent, { type: `request.${string}` }>;

function lineOfRequest(event: RequestEvent): LogLine {
  switch (event.type) {
    case 'request.received': {
      const { preview } = event;
      const words = preview === undefined ? '' : ` · “${preview}”`;
      return ofRequest(event, event.request.id, `Received ${arrivalLine(event.request)}${words}`, {
        ...facts(event),
        ...(preview !== undefined && { preview }),
      });
    }
    case 'request.attempt_failed': {
      const where = `${event.provider}/${event.model}`;
      const what = `Attempt ${event.attempt} at ${where} failed after ${formatDuration(event.afterMs)}: ${event.failure.kind}, ${event.failure.detail}`;
      return ofRequest(event, event.request.id, what, {
        provider: event.provider,
        model: event.model,
        attempt: event.attempt,
        failure: event.failure,
        after_ms: event.afterMs,
      });
    }
    case 'request.hint':
      return ofRequest(event, event.request.id, event.message, facts(event));
    case 'request.joined':
      return ofRequest(event, event.request.id, `Shares the answer of request ${event.leader}`, {
        leader: event.leader,
        ...facts(event),
      });
    case 'request.shared':
      return ofRequest(
        event,
        event.request.id,
        `Its answer was shared by ${counted(event.guests, 'other request')}`,
        { guests: event.guests, stream_bytes: event.bytes, ...facts(event) },
      );
    case 'request.rejected':
      return ofRequest(event, event.requestId, `${event.status} for ${event.path}: ${event.reason}`, {
        path: event.path,
        status: event.status,
      });
    case 'request.ended':
      return ofRequest(event, event.request.id, requestLine(event), {
        result: event.result,
        status: event.status,
        provider: event.provider,
        provider_model: event.model,
        attempts: event.trace.attempts.map((attempt) => ({
          provider: attempt.candidate.provider,
          model: attempt.candidate.model,
          mode: attempt.mode,
          outcome: attempt.outcome ?? null,
        })),
        time_to_first_content_ms: event.timeToFirstContentMs,
        duration_ms: event.durationMs,
        waited_ms: event.trace.waitedMs,
        usage: event.usage,
        joined: event.joined,
        cached: event.cached,
        error: event.error,
        ...facts(event),
      });
  }
}

/** `GAC: healthy → cooling until 12:01:00 · 2nd counted failure · server_error in headers, 502 Bad Gateway`. */
function healthLine(event: HealthChanged, offset: number): LogLine {
  const who = event.scope === 'provider' ? event.provider : `${event.provider}, ${event.scope}`;
  const until = event.coolingUntil === undefined ? '' : ` until ${clockTime(event.coolingUntil, offset)}`;
  const cause =
    event.cause === undefined ? '' : ` · ${event.cause.kind} in ${event.cause.phase}, ${event.cause.detail}`;
  return {
    ...line(event, `${who}: ${event.from} → ${event.to}${until} · ${event.rule}${cause}`, {
      provider: event.provider,
      scope: event.scope,
      from: event.from,
      to: event.to,
      rule: event.rule,
      cause: event.cause,
      attempt: event.attempt,
      cooling_until:
        event.coolingUntil === undefined ? undefined : new Date(event.coolingUntil).toISOString(),
    }),
    ...(event.requestId === undefined ? {} : { requestId: event.requestId }),
  };
}

function line(event: BalancerEvent, message: string, data: Readonly<Record<string, unknown>> = {}): LogLine {
  return { level: levelOf(event), event: event.type, message, data };
}

function ofRequest(
  event: RequestEvent,
  requestId: string,
  message: string,
  data: Readonly<Record<string, unknown>>,
): LogLine {
  return { ...line(event, message, data), requestId };
}

function facts({ request }: Exclude<RequestEvent, { type: 'request.rejected' }>): Record<string, unknown> {
  const { endpoint, model, stream, session, agent, bytes } = request;
  return { endpoint, model, stream, session, agent, bytes };
}

function configLoaded(event: Extract<BalancerEvent, { type: 'config.loaded' }>): string {
  const from = event.file === undefined ? 'by default, there is no file' : `from ${event.file}`;
  return `Configuration with ${counted(event.providers, 'provider')} ${from}`;
}

function changes(event: Extract<BalancerEvent, { type: 'config.reloaded' }>): string {
  const parts = [
    ['added', event.added] as const,
    ['removed', event.removed] as const,
    ['changed', event.changed] as const,
    ['settings', event.settings] as const,
  ]
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${names.join(', ')}`);
  if (event.routesChanged) parts.push('other routes');
  if (event.orderChanged) parts.push('another order of providers');
  return parts.length === 0 ? 'nothing has changed' : parts.join('; ');
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return { name: error.name, message: error.message, stack: error.stack };
}
