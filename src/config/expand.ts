/** Variables of the environment, as `process.env` gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Expansion {
  readonly text: string;
  /** Variables that are not set and have no default; their place in `text` is empty. */
  readonly unset: readonly string[];
}

/** `$${` · `${NAME}` · `${NAME:-default}` */
const REFERENCE = /\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g;

/**
 * Replaces `${NAME}` by the variable's value and `${NAME:-default}` by the default where it is unset or empty.
 * `$${` stands for a literal `${`. Anything else, as a lone `$` or `${1}`, stays as it is; values are not expanded again.
 */
export function expand(text: string, env: Environment): Expansion {
  if (!text.includes('${')) return { text, unset: [] };
  const unset: string[] = [];
  const expanded = text.replace(
    REFERENCE,
    (whole: string, name: string | undefined, otherwise: string | undefined) => {
      if (whole.startsWith('$$')) return whole.slice(1);
      if (name === undefined) return whole;
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (otherwise !== undefined) return value === undefined || value === '' ? otherwise : value;
      if (value === undefined) unset.push(name);
      return value ?? '';
    },
  );
  return { text: expanded, unset };
}
