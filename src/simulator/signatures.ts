/**
 * Thinking signatures as a provider issues and checks them: bound to its own name, like those of a real account. A
 * block signed by somebody else is refused in the words of the real API.
 */

const PREFIX = 'simulated:';

/** The signature that provider `name` puts under a thinking text. */
export function signThinking(name: string, thinking: string): string {
  return Buffer.from(`${PREFIX}${name}:${thinking.length}`).toString('base64');
}

/** The error text for the first thinking block in `body` that `name` did not sign; undefined if all are its own. */
export function foreignSignature(name: string, body: unknown): string | undefined {
  for (const [at, message] of list(field(body, 'messages')).entries()) {
    for (const [index, block] of list(field(message, 'content')).entries()) {
      if (field(block, 'type') !== 'thinking') continue;
      const where = `messages.${at}.content.${index}`;
      const signature = field(block, 'signature');
      if (typeof signature !== 'string') return `${where}.thinking.signature: Field required`;
      if (!isOwn(name, signature)) return `${where}: Invalid \`signature\` in \`thinking\` block`;
    }
  }
  return undefined;
}

function isOwn(name: string, signature: string): boolean {
  return Buffer.from(signature, 'base64').toString().startsWith(`${PREFIX}${name}:`);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
