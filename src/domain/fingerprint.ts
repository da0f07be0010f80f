/** What two requests must have in common, beside their bodies, to count as the same one. */
export interface RequestIdentity {
  readonly endpoint: string;
  /** Path and query. */
  readonly path: string;
  readonly session: string | undefined;
  /** Two sub-agents with the same prompt each need an answer of their own. */
  readonly agent: string | undefined;
  /** `anthropic-beta`, as sent. */
  readonly beta: string;
  /** `anthropic-version`, as sent. */
  readonly version: string;
  /** Whatever the caller authenticates itself by, to the balancer or to a provider. Never shown. */
  readonly credential: string;
}

/** A piece of a body that counts: `start` inclusive, `end` exclusive. */
export interface BodyPart {
  readonly start: number;
  readonly end: number;
}

/** The key under which two requests may be the same, and what decides whether they are. */
export interface Fingerprint {
  /** The cheap parts: identity and lengths. Requests of different keys differ. Holds a credential: never shown. */
  readonly key: string;
  readonly body: Buffer;
  /** The members of the body that count, in their order. */
  readonly parts: readonly BodyPart[];
}

/** A request's fingerprint. Nothing is copied, and no byte of the body is looked at. */
export function fingerprintOf(
  identity: RequestIdentity,
  body: Buffer,
  parts: readonly BodyPart[],
): Fingerprint {
  const { endpoint, path, session, agent, beta, version, credential } = identity;
  let length = 0;
  for (const part of parts) length += part.end - part.start;
  const caller = `${counted(session)}${counted(agent)}${counted(credential)}`;
  const key = `${parts.length} ${length} ${endpoint} ${counted(path)}${counted(beta)}${counted(version)}${caller}`;
  return { key, body, parts };
}

/** With its length before it, so that no text can be mistaken for two. */
function counted(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`;
}

/** Whether two requests are the same, byte by byte: exact, there are no collisions. */
export function isSameRequest(one: Fingerprint, other: Fingerprint): boolean {
  if (one.key !== other.key || one.parts.length !== other.parts.length) return false;
  return one.parts.every((part, index) => {
    const twin = other.parts[index];
    return (
      twin !== undefined &&
      twin.end - twin.start === part.end - part.start &&
      one.body.compare(other.body, twin.start, twin.end, part.start, part.end) === 0
    );
  });
}
