import { isRecord } from '../../domain/is-record.ts';

/**
 * Whether a `content_block_start` already holds content: a block that is complete at its start (`redacted_thinking`, a
 * server tool's result), or one that begins with something in it. `docs/failures.md`, "What is the first content?".
 */
export function blockHoldsContent(block: unknown): boolean {
  if (!isRecord(block)) return false;
  const type = block.type;
  if (type === 'redacted_thinking') return true;
  if (typeof type === 'string' && type.endsWith('_result')) return true;
  return (
    isFilled(block.text) ||
    isFilled(block.thinking) ||
    isFilled(block.signature) ||
    (isRecord(block.input) && Object.keys(block.input).length > 0)
  );
}

/** Whether a delta has something in it. Counts of tokens are no content: hidden thinking sends them for minutes. */
export function deltaHoldsContent(delta: unknown): boolean {
  if (!isRecord(delta)) return false;
  for (const key of Object.keys(delta)) {
    if (key === 'type') continue;
    const value = delta[key];
    if (isFilled(value) || (typeof value === 'object' && value !== null)) return true;
  }
  return false;
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
