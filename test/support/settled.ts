/** Resolves when `value` has not changed for many turns of the event loop: nothing on loopback is under way any more. */
export async function settled(value: () => number, turns = 300): Promise<void> {
  let last = value();
  for (let still = 0; still < turns; still += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (value() === last) continue;
    last = value();
    still = 0;
  }
}
