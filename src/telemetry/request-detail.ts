import type { AttemptTrace } from '../domain/decision/trace.ts';
import type {
  AttemptRecord,
  InspectorEvent,
  RequestDetail,
  RequestPlanRecord,
} from '../domain/inspection/inspection.ts';
import { credentialsIn, withoutKeys } from '../domain/secrets/client-secrets.ts';
import { createRedactor, REDACTED } from '../domain/secrets/secrets.ts';
import { redactDeep } from './redaction.ts';
import type { AttemptParts, RequestRecord } from './request-record.ts';
import { shownHeaders } from './shown-headers.ts';

/** Of what a provider said of a failure, so much is shown. */
const MAX_ERROR_BODY = 16 * 1024;

/**
 * A request with everything that may be shown of it. Struck out are: what was secret when it began, what is secret now
 * (`redact`), the client's own credentials wherever they are echoed, and whatever has the form of a key.
 */
export function requestDetail(
  record: RequestRecord,
  events: readonly InspectorEvent[],
  redact: (text: string) => string,
): RequestDetail {
  const then = record.redactor;
  const own = createRedactor(credentialsOf(record));
  const strike = (text: string): string =>
    withoutKeys(own.text(redact(then === undefined ? text : then.text(text))));
  const { decisions, attempts, ended, headers, parts, body, answer } = record;
  const plan = planOf(record);
  const waitedMs = ended?.trace.waitedMs;
  const detail: RequestDetail = {
    summary: record.summary(),
    headers: shownHeaders(headers, strike),
    ...(plan === undefined ? {} : { plan }),
    decisions,
    attempts: attempts.map((attempt) => attemptRecord(attempt, parts[attempt.number - 1], strike)),
    ...(waitedMs === undefined ? {} : { waitedMs }),
    events,
    ...(body === undefined ? {} : { body: strike(body.toString()) }),
    ...(answer.length === 0 ? {} : { answer: strike(Buffer.concat(answer).toString()) }),
  };
  return redactAll(detail, strike);
}

/** The rules that it was decided by. */
function planOf({ plan, hosts }: RequestRecord): RequestPlanRecord | undefined {
  if (plan === undefined) return undefined;
  const asked = plan.order.map(({ provider }) => [provider, hosts?.get(provider) ?? '']);
  return { ...plan, hosts: Object.fromEntries(asked) };
}

/** A value whose every text has been struck through. Deeper than the log's, as traces are. */
function redactAll<T>(value: T, strike: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_, each) =>
    typeof each === 'string' ? strike(each) : each,
  ) as T;
}

function attemptRecord(
  attempt: AttemptTrace,
  parts: AttemptParts | undefined,
  strike: (text: string) => string,
): AttemptRecord {
  if (parts === undefined) return attempt;
  const { sentAt, headAt, url, requestHeaders, status, responseHeaders, errorBody } = parts;
  return {
    ...attempt,
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(headAt === undefined ? {} : { headAt }),
    url: plainUrl(url),
    requestHeaders: shownHeaders(requestHeaders, strike),
    ...(status === undefined ? {} : { status }),
    ...(responseHeaders === undefined ? {} : { responseHeaders: shownHeaders(responseHeaders, strike) }),
    ...(errorBody === undefined ? {} : { errorBody: errorText(errorBody, strike) }),
  };
}

/** JSON is struck through by its keys as well as by its texts; anything else as text. Before it is cut: half a key is one. */
function errorText(body: Buffer, strike: (text: string) => string): string {
  const text = body.toString();
  try {
    return JSON.stringify(redactDeep(JSON.parse(text), strike)).slice(0, MAX_ERROR_BODY);
  } catch {
    return strike(text).slice(0, MAX_ERROR_BODY);
  }
}

/** Without user, password and the values of its query. */
function plainUrl(url: string): string {
  if (!URL.canParse(url)) return '';
  const { origin, pathname, searchParams } = new URL(url);
  const query = [...searchParams].map(([name, value]) => `${name}=${name === 'beta' ? value : REDACTED}`);
  return origin + pathname + (query.length === 0 ? '' : `?${query.join('&')}`);
}

/** What the client showed of itself, and what we showed the providers. */
function credentialsOf({ headers, parts }: RequestRecord): readonly string[] {
  return [...credentialsIn(headers), ...parts.flatMap(({ requestHeaders }) => credentialsIn(requestHeaders))];
}
