import type { NewProvider } from './init-facts.ts';

export interface NewConfiguration {
  readonly providers: readonly NewProvider[];
  readonly port: number;
}

/** A commented configuration with these providers. Pure. */
export function configurationText({ providers, port }: NewConfiguration): string {
  return `# Configuration of the Claude Code Provider Balancer.
#
# Times are in seconds. \${NAME} is an environment variable, so that no key needs to stand in this file.
# After an edit: claude-code-balancer check. A running balancer takes changes over by itself.
# Every key is explained in docs/configuration.md; providers.example.yaml shows most of them at work.

# Who may answer. Without model_routes they are asked in this order: the next one where the one before fails.
providers:
${providers.map(entry).join('\n')}
# Which providers serve which model, and under which name. Without it every provider serves every model.
# model_routes:
#   "*haiku*":
#     - provider: ${quoted(providers[0]?.name ?? 'Anthropic')}
#       model: "passthrough"          # the client's model name; or always this one
#   "*":
#     - provider: ${quoted(providers.at(-1)?.name ?? 'Anthropic')}

settings:
  host: "127.0.0.1"                   # this machine only; set auth before you open it to others
  port: ${port}
  selection_strategy: "priority"      # or round_robin, weighted_round_robin, random
  unhealthy_threshold: 2              # failures until a provider gets a rest …
  failure_cooldown: 60                # … and how long the first one is
  log_level: "INFO"
  # log_file_path: "logs/balancer.jsonl"
  # auth:                             # a lock on the balancer's own door
  #   enabled: true
  #   api_key: "\${CLAUDE_CODE_BALANCER_API_KEY}"
`;
}

function entry({ name, type, url, auth, credential }: NewProvider): string {
  const lines = [
    `  - name: ${quoted(name)}`,
    `    type: "${type}"`,
    `    base_url: ${quoted(url)}`,
    ...(auth === 'passthrough' ? [] : [`    auth_type: "${auth}"${comment(auth, type)}`]),
    `    auth_value: ${credentialText(credential)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function comment(auth: NewProvider['auth'], type: NewProvider['type']): string {
  if (type === 'openai') return '';
  return auth === 'api_key'
    ? '              # sent as x-api-key'
    : '           # sent as Authorization: Bearer';
}

function credentialText(credential: NewProvider['credential']): string {
  if (credential === undefined) return '"passthrough"           # the credentials that the client sends';
  return credential.kind === 'variable' ? `"\${${credential.name}}"` : quoted(credential.value);
}

/** A text of YAML that means itself: JSON's quotes are YAML's, and `${` would begin a variable. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('${', '$$${');
}
