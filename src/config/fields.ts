import * as v from 'valibot';

/**
 * Building blocks of the schema. Each key's meaning, unit and limits stand in its schema (`description`, `metadata`), its
 * default in `v.optional`; the reader, the messages, the documentation's tables and any generated schema read them there.
 */

/** What a key's schema tells besides its type. */
export interface KeyMetadata {
  /** `s`, `bytes` … of a number. */
  readonly unit?: string;
  /** Never shown in a message. */
  readonly secret?: boolean;
  /** `${…}` is ordinary text here. */
  readonly verbatim?: boolean;
  /** A path of this machine: relative to the file's folder, `~` is the home folder. */
  readonly path?: boolean;
  /** How the default reads where it is not a constant. */
  readonly defaultText?: string;
  /** A value that does not fit is only warned of, and the default counts. */
  readonly tolerant?: boolean;
  /** Accepted whatever it is, and not read: what it is about is not served yet. */
  readonly later?: boolean;
}

/** Node's timers hold no more: about 24.8 days. */
const MAX_SECONDS = 2_147_483;

/** A time of zero or more. */
export function seconds(meaning: string) {
  return v.pipe(
    v.number(),
    v.minValue(0),
    v.maxValue(MAX_SECONDS),
    v.description(meaning),
    v.metadata({ unit: 's' }),
  );
}

/** A time that must not be zero: a limit of 0 would refuse everything. */
export function limitSeconds(meaning: string) {
  return v.pipe(
    v.number(),
    v.minValue(0.001),
    v.maxValue(MAX_SECONDS),
    v.description(meaning),
    v.metadata({ unit: 's' }),
  );
}

/** A whole number within limits. */
export function count(meaning: string, min: number, max = 1_000_000, metadata: KeyMetadata = {}) {
  return v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.description(meaning),
    v.metadata({ ...metadata }),
  );
}

/** A size; the reader also takes `64MB`. */
export function bytes(meaning: string) {
  return v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(Number.MAX_SAFE_INTEGER),
    v.description(meaning),
    v.metadata({ unit: 'bytes' }),
  );
}

export function flag(meaning: string) {
  return v.pipe(v.boolean(), v.description(meaning));
}

export function text(meaning: string, metadata: KeyMetadata = {}) {
  return v.pipe(v.string(), v.description(meaning), v.metadata({ ...metadata }));
}

/** Text that must not be empty. */
export function label(meaning: string, metadata: KeyMetadata = {}) {
  return v.pipe(v.string(), v.nonEmpty(), v.description(meaning), v.metadata({ ...metadata }));
}

export function choice<const T extends readonly string[]>(options: T, meaning: string) {
  return v.pipe(v.picklist(options), v.description(meaning));
}

export function texts(meaning: string, metadata: KeyMetadata = {}) {
  return v.pipe(
    v.array(v.pipe(v.string(), v.metadata({ ...metadata }))),
    v.description(meaning),
    v.metadata({ ...metadata }),
  );
}

/** A mapping from any text to text. */
export function textMap(meaning: string, metadata: KeyMetadata = {}) {
  return v.pipe(
    v.record(v.string(), v.pipe(v.string(), v.metadata({ ...metadata }))),
    v.description(meaning),
    v.metadata({ ...metadata }),
  );
}

/** A mapping that is handed on as it stands. */
export function anything(meaning: string) {
  return v.pipe(v.record(v.string(), v.any()), v.description(meaning));
}

/** A key of an older version whose feature is not served yet: any value is accepted, and a check tells of it. */
export function later(meaning: string) {
  return v.pipe(
    v.unknown(),
    v.description(`Not served yet: ${meaning}`),
    v.metadata({ later: true, defaultText: 'none' }),
  );
}
