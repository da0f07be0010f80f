/** One (provider, upstream model) pair that could serve a request. */
export interface Candidate {
  /** The provider's id. */
  readonly provider: string;
  /** The model name that goes upstream. */
  readonly model: string;
  /** The route's pattern that named it, or `*` without routes. Affinity and round robin are kept per route. */
  readonly route: string;
  readonly priority: number;
  readonly weight: number;
}

/** `provider/model`, for logs and as a key. */
export function candidateKey(candidate: Pick<Candidate, 'provider' | 'model'>): string {
  return `${candidate.provider}/${candidate.model}`;
}
