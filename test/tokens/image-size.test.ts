import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageSize } from '../../src/tokens/image-size.ts';
import { imageTokens } from '../../src/tokens/image-tokens.ts';

const base64 = (...parts: readonly (string | readonly number[])[]): string =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  ).toString('base64');

const PNG = base64('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 4, 0, 0, 0, 3, 0], [8, 2, 0, 0, 0]);
const GIF = base64('GIF89a', [0x40, 0x01, 0xf0, 0x00, 0, 0, 0]);
const WEBP_HEAD = ['RIFF', [0, 0, 0, 0], 'WEBP'] as const;
const LOSSY = base64(
  ...WEBP_HEAD,
  'VP8 ',
  [0, 0, 0, 0, 0, 0, 0],
  [0x9d, 0x01, 0x2a],
  [0x20, 0x43, 0x58, 0x02],
);
// 0x2f, then 14 bits of width - 1 and 14 of height - 1.
const LOSSLESS = base64(...WEBP_HEAD, 'VP8L', [0, 0, 0, 0], [0x2f, 0x1f, 0xc3, 0x95, 0x00], [0, 0, 0, 0, 0]);
const EXTENDED = base64(...WEBP_HEAD, 'VP8X', [10, 0, 0, 0], [0, 0, 0, 0], [0x1f, 0x03, 0], [0x57, 0x02, 0]);
const frame = (marker: number): readonly number[] => [
  0xff,
  marker,
  0,
  17,
  8,
  0x02,
  0x58,
  0x03,
  0x20,
  3,
  0,
  0,
  0,
];
const app = (length: number): readonly (string | readonly number[])[] => [
  [0xff, 0xe1, length >> 8, length & 0xff],
  '\xc0'.repeat(length - 2),
];

describe('the size of an image', () => {
  it.each<readonly [string, string, number, number]>([
    ['PNG', PNG, 1024, 768],
    ['GIF', GIF, 320, 240],
    ['lossy WebP, scaling bits left out', LOSSY, 800, 600],
    ['lossless WebP', LOSSLESS, 800, 600],
    ['extended WebP', EXTENDED, 800, 600],
    ['JPEG', base64([0xff, 0xd8], frame(0xc0)), 800, 600],
    ['progressive JPEG', base64([0xff, 0xd8], frame(0xc2)), 800, 600],
    ['JPEG with tables first', base64([0xff, 0xd8], [0xff, 0xc4, 0, 4, 0, 0], frame(0xc0)), 800, 600],
    ['JPEG with a preview of 60 KB first', base64([0xff, 0xd8], ...app(60_000), frame(0xc0)), 800, 600],
    ['JPEG with filling', base64([0xff, 0xd8, 0xff, 0xff, 0xff], frame(0xc0)), 800, 600],
  ])('is read from the header: %s', (_, data, width, height) => {
    expect(imageSize(data)).toEqual({ width, height });
  });

  it.each([
    ['nothing', ''],
    ['no base64', '§§§'],
    ['text', Buffer.from('hello there, this is no image at all').toString('base64')],
    ['a PNG cut off', PNG.slice(0, 16)],
    ['a PNG without width', base64('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', Array(13).fill(0))],
    ['a JPEG that never opens its frame', base64([0xff, 0xd8], ...app(100), [0xff, 0xd9])],
    ['a WebP of another form', base64(...WEBP_HEAD, 'ALPH', Array(20).fill(0))],
  ])('is not told by %s', (_, data) => {
    expect(imageSize(data)).toBeUndefined();
  });

  it('is never a reason to throw', () => {
    const heads = [[], [0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8], [0x47, 0x49, 0x46, 0x38]];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 64 }), (head, rest) => {
        const size = imageSize(Buffer.concat([Buffer.from(head), rest]).toString('base64'));
        expect(size === undefined || size.width * size.height > 0).toBe(true);
      }),
    );
  });
});

describe('the tokens of an image', () => {
  const STANDARD = { edge: 1_568, tokens: 1_568 };
  const HIGH = { edge: 2_576, tokens: 4_784 };

  it.each([
    [200, 200, STANDARD, 54],
    [1000, 1000, STANDARD, 1334],
    [1092, 1092, STANDARD, 1568],
    [1568, 784, STANDARD, 1568],
    [3136, 400, STANDARD, 419],
    [8000, 8000, STANDARD, 1568],
    [1920, 1080, HIGH, 2765],
    [4000, 4000, HIGH, 4784],
    [1, 1, STANDARD, 1],
  ])('of %i × %i pixels', (width, height, limits, tokens) => {
    expect(imageTokens({ width, height }, limits)).toBe(tokens);
  });

  it('are never more than the most, and never more for the smaller one', () => {
    const edge = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(edge, edge, (width, height) => {
        const tokens = imageTokens({ width, height }, STANDARD);
        expect(tokens).toBeLessThanOrEqual(STANDARD.tokens);
        expect(imageTokens({ width: width / 2, height: height / 2 }, STANDARD)).toBeLessThanOrEqual(tokens);
      }),
    );
  });
});
