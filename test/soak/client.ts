import type { Random } from '../../src/domain/time.ts';
import { between, oneOf } from '../simulation/chance.ts';
import { type Answer, send } from '../support/client.ts';

/** How a request of the soak ended. */
export type Fate =
  | { readonly kind: 'served' | 'left' | 'broken' }
  /** Nobody answered, though somebody could have. */
  | { readonly kind: 'lost'; readonly why: string };

const SESSIONS = 50;
const TEXT = 'x'.repeat(1_000_000);

/** Sends one request as clients do: streams and not, small and large, in a hurry and slowly; some leave. */
export async function ask(url: string, random: Random): Promise<Fate> {
  const isCount = random() < 0.05;
  const path = isCount ? '/v1/messages/count_tokens' : '/v1/messages';
  const isStream = !isCount && random() < 0.8;
  const exchange = send(url + path, {
    deadlineMs: 60_000,
    headers: {
      'content-type': 'application/json',
      'x-api-key': 'client',
      'user-agent': random() < 0.7 ? 'claude-cli/2.1.0' : 'sdk',
      'x-claude-code-session-id': `session-${between(random, 1, SESSIONS)}`,
    },
    body: {
      model: 'claude-sonnet-5-5',
      ...(isCount ? {} : { max_tokens: 100, stream: isStream }),
      // Few different ones: equal requests of one session share an answer.
      messages: [
        { role: 'user', content: TEXT.slice(0, oneOf(random, [1_000, 1_000, 20_000, 100_000, 1_000_000])) },
      ],
    },
  });
  const leaves = random() < 0.1;
  const timer = leaves ? setTimeout(() => exchange.abort(), between(random, 0, 300)) : undefined;
  const naps = random() < 0.05 ? nap(exchange) : undefined;
  try {
    return verdict(await exchange.end, leaves, isStream);
  } catch (error) {
    return leaves ? { kind: 'left' } : { kind: 'lost', why: String(error) };
  } finally {
    clearTimeout(timer);
    clearTimeout(naps);
  }
}

/** Reads nothing for a while. */
function nap(exchange: ReturnType<typeof send>): NodeJS.Timeout {
  exchange.pause();
  return setTimeout(() => exchange.resume(), 400);
}

function verdict(answer: Answer, leaves: boolean, isStream: boolean): Fate {
  const { status, text, end } = answer;
  if (end === 'aborted') return { kind: 'left' };
  const lost = (): Fate =>
    leaves ? { kind: 'left' } : { kind: 'lost', why: `${status} ${end} ${text.slice(0, 300)}` };
  if (status !== 200) return lost();
  if (!isStream) return end === 'complete' ? { kind: 'served' } : lost();
  if (end === 'complete' && text.includes('"message_stop"')) return { kind: 'served' };
  return text.includes('content_block_delta') ? { kind: 'broken' } : lost();
}
