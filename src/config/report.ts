import type { Diagnostic, Finding } from './diagnostic.ts';
import type { Spot } from './walk.ts';

/** Tells a finding about the value at a path of the reading: `report('providers[0].proxy', …)`. */
export type Report = (slot: string, finding: Finding) => void;

/** Collects findings into diagnostics; a path without a place of its own gets that of the nearest one around it. */
export function reporter(
  into: Diagnostic[],
  spots: ReadonlyMap<string, Spot>,
  file: string | undefined,
): Report {
  return (slot, finding) => {
    const spot = spots.get(slot);
    const around = nearestSpot(slot, spots);
    const place = spot?.place ?? around?.spot.place;
    const path = spot?.path ?? `${around?.spot.path ?? ''}${slot.slice(around?.slot.length ?? 0)}`;
    into.push({ ...finding, ...(file !== undefined && { file }), ...(place && { place }), path });
  };
}

function nearestSpot(
  slot: string,
  spots: ReadonlyMap<string, Spot>,
): { slot: string; spot: Spot } | undefined {
  for (let end = slot.length; end > 0; end -= 1) {
    const candidate = slot.slice(0, end);
    const spot = spots.get(candidate);
    if (spot?.place !== undefined && (end === slot.length || /[.[]/.test(slot[end] ?? '')))
      return { slot: candidate, spot };
  }
  return undefined;
}
