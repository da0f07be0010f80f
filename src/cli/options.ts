/** How an option is written, and what its value is. */
export interface OptionSpec {
  /** `texts`: may stand more than once. */
  readonly kind: 'text' | 'texts' | 'port' | 'switch';
  readonly short?: string;
  /** How help names the value. */
  readonly value?: string;
  /** The value is the name of a file: shells complete it. */
  readonly file?: true;
}

/** Every option of every command: a name and a letter mean the same thing everywhere. */
export const OPTIONS = {
  config: { kind: 'text', short: 'c', value: 'FILE', file: true },
  port: { kind: 'port', short: 'p', value: 'N' },
  host: { kind: 'text', value: 'H' },
  env: { kind: 'text', value: 'NAME' },
  url: { kind: 'text', short: 'u', value: 'URL' },
  json: { kind: 'switch' },
  provider: { kind: 'texts', value: 'FACTS' },
  output: { kind: 'text', short: 'o', value: 'FILE', file: true },
  force: { kind: 'switch', short: 'f' },
  yes: { kind: 'switch', short: 'y' },
  help: { kind: 'switch', short: 'h' },
  version: { kind: 'switch', short: 'v' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;

/** Options that every command has, with what help says of them. */
export const COMMON_OPTIONS = {
  help: 'this text',
  version: 'the version of the balancer',
} as const satisfies Partial<Readonly<Record<OptionName, string>>>;

/** Every option's name, in the table's order. */
export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOption);

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** The option as the table has it, with every field that it may have. */
export function optionSpec(name: OptionName): OptionSpec {
  return OPTIONS[name];
}
