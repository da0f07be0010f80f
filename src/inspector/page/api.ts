import type {
  InspectorEvent,
  MinuteStatistics,
  ProviderMoment,
  ProviderTotals,
  RequestDetail,
  RequestPage,
} from '../../domain/inspection/inspection.ts';

export interface ErrorView {
  readonly at: string;
  readonly kind: string;
  readonly detail: string;
  readonly request_id: string;
}

/** One provider as `/providers` tells it; what the page shows of it. */
export interface ProviderView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly base_url: string;
  readonly state: string;
  readonly enabled: boolean;
  readonly disabled_by_hand: boolean;
  readonly unservable: string | null;
  readonly failures: string;
  readonly cooldown: {
    readonly left_seconds: number;
    readonly until: string;
    readonly why: string | null;
  } | null;
  readonly trial: string | null;
  readonly last_error: ErrorView | null;
  readonly pairs: readonly {
    readonly model: string;
    readonly failures: string;
    readonly cooldown: { readonly until: string } | null;
    readonly last_error: ErrorView | null;
  }[];
  readonly max_concurrent: number | null;
  readonly waiting: number;
  readonly requests: {
    readonly in_flight: number;
    readonly attempts: number;
    readonly successes: number;
    readonly failures: number;
  };
  readonly latency: {
    readonly time_to_first_content_ms: { readonly p50: number; readonly p95: number } | null;
  };
  readonly models: readonly { readonly pattern: string; readonly model: string; readonly priority: number }[];
}

export interface Snapshot {
  readonly run: string;
  readonly seq: number;
  readonly now: number;
  readonly version: string;
  readonly app_name: string;
  readonly captures_bodies: boolean;
  readonly auth_enabled: boolean;
  readonly phase: string;
  readonly in_flight: number;
  readonly selection_strategy: string;
  readonly current_provider: string | null;
  readonly providers: readonly ProviderView[];
  readonly totals: readonly ProviderTotals[];
  readonly minutes: readonly MinuteStatistics[];
  readonly base: readonly ProviderMoment[];
  readonly events: readonly InspectorEvent[];
}

export type Action = 'cool' | 'heal' | 'disable' | 'enable';

/** The balancer asks who we are: the page has to be loaded anew, with the form for the key. */
export class SignedOut extends Error {}

async function ask(path: string, options: RequestInit): Promise<Response> {
  const answer = await fetch(`/inspector/${path}`, options);
  if (answer.status === 401) throw new SignedOut();
  if (!answer.ok) throw new Error(await problemOf(answer));
  return answer;
}

async function get<T>(path: string): Promise<T> {
  const answer = await ask(path, { headers: { accept: 'application/json' } });
  return (await answer.json()) as T;
}

async function problemOf(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { error?: { message?: string } };
    return error?.message ?? `HTTP ${answer.status}`;
  } catch {
    return `HTTP ${answer.status}`;
  }
}

export function getSnapshot(history: number): Promise<Snapshot> {
  return get(`snapshot?history=${history}`);
}

export function getRequests(before: number | undefined): Promise<RequestPage> {
  return get(`requests?limit=1000${before === undefined ? '' : `&before=${before}`}`);
}

export function getRequest(id: string): Promise<RequestDetail> {
  return get(`requests/${encodeURIComponent(id)}`);
}

export async function act(provider: string, action: Action): Promise<void> {
  await ask(`providers/${encodeURIComponent(provider)}/${action}`, { method: 'POST' });
}

export async function signOut(): Promise<void> {
  await fetch('/inspector/session/end', { method: 'POST', redirect: 'manual' });
  location.reload();
}
