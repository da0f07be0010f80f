import type { Plan, Step } from './plan.ts';
import type { Invariant } from './witness.ts';
import { type Outcome, play } from './world.ts';

/** Tries so many shorter schedules at most. */
const MOST_TRIES = 400;

/** The shortest schedule found that still breaks the same invariant: no step of it can be left out. */
export async function shrunk(plan: Plan, invariant: Invariant): Promise<Plan> {
  let tries = 0;
  const breaks = async (steps: readonly Step[]): Promise<boolean> => {
    tries += 1;
    return (await play({ ...plan, steps })).violation?.invariant === invariant;
  };
  let { steps } = plan;
  for (let size = steps.length >> 1; size >= 1; ) {
    let isShorter = false;
    for (let at = 0; at < steps.length && tries < MOST_TRIES; ) {
      const rest = steps.toSpliced(at, size);
      if (await breaks(rest)) {
        steps = rest;
        isShorter = true;
      } else at += size;
    }
    if (tries >= MOST_TRIES) break;
    // A step may have become superfluous by what went after it.
    if (size === 1 && isShorter) continue;
    size >>= 1;
  }
  return { ...plan, steps };
}

/** A violation in words: what broke, the seed, and the minimal trace. */
export async function explained(plan: Plan, { violation }: Outcome): Promise<string> {
  if (violation === undefined) return '';
  const least = await shrunk(plan, violation.invariant);
  const again = await play(least, true);
  const { providers, settings, seed } = least;
  return [
    `seed ${seed}: ${violation.invariant}: ${violation.what}`,
    `the least that still breaks it: ${least.steps.length} of ${plan.steps.length} steps: ${again.violation?.what}`,
    `providers: ${JSON.stringify(providers)}`,
    `settings: ${JSON.stringify(settings)}`,
    ...again.trace,
  ].join('\n');
}
