import type { ImageSize } from './image-size.ts';

/** How far an image is scaled down before it is counted. */
export interface ImageLimits {
  /** Longest edge, pixels. */
  readonly edge: number;
  readonly tokens: number;
}

/** The documented approximation: one token for so many pixels. */
const PIXELS_A_TOKEN = 750;

/**
 * The tokens of an image: `ceil(w·h/750)` after it is scaled down, its proportions kept, to the longest edge and to the
 * most tokens. The formula and both limits are Anthropic's own approximation (docs/tokens.md).
 */
export function imageTokens({ width, height }: ImageSize, { edge, tokens }: ImageLimits): number {
  const scale = Math.min(1, edge / Math.max(width, height));
  return Math.max(1, Math.min(tokens, Math.ceil((width * scale * height * scale) / PIXELS_A_TOKEN)));
}
