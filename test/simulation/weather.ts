import type { Random } from '../../src/domain/time.ts';

/** How a provider does for a while. */
export const WEATHERS = [
  'fine',
  'fine',
  'shaky',
  'slow',
  'down',
  'offline',
  'overloaded',
  'limited',
  'broke',
  'cutting',
  'silent',
  'picky',
  'picky',
  'wild',
] as const;
export type Weather = (typeof WEATHERS)[number];

/** What a provider does with one request. */
export const FATES = [
  'answer',
  'slow_answer',
  'refuse_connection',
  'no_network',
  'reset_before_head',
  'reset_reused',
  'reset_in_head',
  'empty',
  'cut_before_content',
  'cut_after_content',
  'end_without_stop',
  'silent_head',
  'silent_content',
  'silent_late',
  'pings_only',
  'html',
  'error_event_first',
  'error_event_late',
  'status_500',
  'status_503',
  'status_529',
  'status_529_stated',
  'status_429',
  'status_429_stated',
  'status_401',
  'status_402',
  'status_404',
  'status_408',
  'status_413',
  'status_400',
  'status_400_for_sure',
  'status_400_signature',
  'status_400_unknown_part',
] as const;
export type Fate = (typeof FATES)[number];

/** Whatever else a weather brings, the rest of its requests are answered. */
const CHANCES: Readonly<Record<Weather, readonly (readonly [fate: Fate, chance: number])[]>> = {
  fine: [['slow_answer', 0.02]],
  shaky: [
    ['status_500', 0.1],
    ['reset_reused', 0.08],
    ['reset_before_head', 0.06],
    ['cut_before_content', 0.06],
    ['html', 0.04],
    ['error_event_first', 0.06],
    ['slow_answer', 0.1],
  ],
  slow: [['slow_answer', 0.9]],
  down: [
    ['refuse_connection', 0.4],
    ['status_503', 0.2],
    ['reset_in_head', 0.1],
    ['silent_head', 0.2],
  ],
  offline: [['no_network', 1]],
  overloaded: [
    ['status_529', 0.5],
    ['status_529_stated', 0.1],
    ['status_429', 0.2],
    ['error_event_first', 0.1],
  ],
  limited: [['status_429_stated', 0.9]],
  broke: [
    ['status_402', 0.3],
    ['status_401', 0.3],
    ['status_404', 0.3],
  ],
  cutting: [
    ['cut_after_content', 0.3],
    ['cut_before_content', 0.3],
    ['end_without_stop', 0.1],
    ['error_event_late', 0.1],
    ['empty', 0.1],
  ],
  silent: [
    ['silent_head', 0.3],
    ['silent_content', 0.2],
    ['silent_late', 0.2],
    ['pings_only', 0.1],
  ],
  picky: [
    ['status_400', 0.1],
    ['status_400_for_sure', 0.05],
    ['status_413', 0.1],
    ['status_400_signature', 0.1],
    ['status_400_unknown_part', 0.3],
    ['status_408', 0.1],
  ],
  wild: FATES.map((fate) => [fate, 1 / FATES.length] as const),
};

/** What becomes of one request in this weather. */
export function fateOf(weather: Weather, random: Random): Fate {
  let left = random();
  for (const [fate, chance] of CHANCES[weather]) {
    if (left < chance) return fate;
    left -= chance;
  }
  return 'answer';
}
