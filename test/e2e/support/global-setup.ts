import { installClient } from './client-package.ts';

/** Runs once before all end-to-end tests. */
export async function setup(): Promise<void> {
  await installClient();
}
