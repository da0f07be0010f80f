/** `GET /providers`, as far as tests look at it. */
export interface ProvidersView {
  readonly providers: readonly ProviderView[];
  readonly buffered_bytes: number;
  readonly in_flight: number;
  readonly current_provider: string | null;
}

export interface ProviderView extends HealthView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly enabled: boolean;
  readonly disabled_by_hand: boolean;
  readonly pairs: readonly (HealthView & { readonly model: string })[];
  readonly endpoints: readonly (HealthView & { readonly endpoint: string })[];
  readonly learned: readonly { readonly model: string; readonly kind: string; readonly name: string }[];
  readonly in_flight: number;
  readonly max_concurrent: number | null;
  readonly waiting: number;
  readonly requests: {
    readonly in_flight: number;
    readonly attempts: number;
    readonly successes: number;
    readonly failures: number;
  };
}

export interface HealthView {
  /** Counted failures of how many: `1/2`. */
  readonly failures: string;
  readonly cooldown: { readonly left_seconds: number; readonly until: string; readonly why: string } | null;
  readonly trial: string | null;
  readonly stated_until: string | null;
  readonly last_error: {
    readonly kind: string;
    readonly detail: string;
    readonly request_id: string;
  } | null;
}

/** What health shows in one place: how often it failed, and how long it cools. */
export interface Trace {
  readonly failures: string;
  /** Seconds; null: it does not cool. */
  readonly cools: number | null;
}

export function traceOf({ failures, cooldown }: HealthView): Trace {
  return { failures, cools: cooldown?.left_seconds ?? null };
}
