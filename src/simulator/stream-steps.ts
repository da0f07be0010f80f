import type { Step, StreamPart, StreamShape } from './behaviour.ts';
import { chunkBytes, compressPieces, headBytes, isBytes, LAST_CHUNK, partBytes } from './wire.ts';

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** The steps that put a stream on the wire in the given shape, from status line to end. */
export async function streamSteps(
  parts: readonly StreamPart[],
  shape: StreamShape,
  ownHeaders: Readonly<Record<string, string>>,
): Promise<readonly Step[]> {
  const frame = shape.framing === 'close' ? (bytes: Buffer) => bytes : chunkBytes;
  const body = await bodySteps(parts, shape, frame);
  return [
    { do: 'write', bytes: headBytes(shape.status ?? 200, STREAM_HEADERS, ownHeaders, shapeHeaders(shape)) },
    ...(shape.bytesPerWrite === undefined ? body : splitWrites(body, shape.bytesPerWrite)),
    ...endSteps(shape),
  ];
}

function shapeHeaders(shape: StreamShape): Readonly<Record<string, string>> {
  return {
    ...(shape.framing === 'close' ? { connection: 'close' } : { 'transfer-encoding': 'chunked' }),
    ...(shape.encoding === undefined ? {} : { 'content-encoding': shape.encoding }),
    ...shape.headers,
  };
}

async function bodySteps(
  parts: readonly StreamPart[],
  shape: StreamShape,
  frame: (bytes: Buffer) => Buffer,
): Promise<readonly Step[]> {
  const plain = parts.filter(isBytes).map((part) => partBytes(part, shape));
  const encoded = shape.encoding === undefined ? plain : await compressPieces(plain, shape.encoding);
  const bytes = encoded.values();
  const next = () => bytes.next().value ?? Buffer.alloc(0);
  const steps = parts.map((part) => partStep(part, isBytes(part) ? frame(next()) : undefined, shape, frame));
  const rest = bytes.next().value;
  // The end of a compressed stream belongs to it only where the stream ends as it should.
  return rest && isProper(shape) ? [...steps, { do: 'write', bytes: frame(rest) }] : steps;
}

function partStep(
  part: StreamPart,
  encoded: Buffer | undefined,
  shape: StreamShape,
  frame: (bytes: Buffer) => Buffer,
): Step {
  switch (part.kind) {
    case 'event':
    case 'text':
      return { do: 'write', bytes: encoded ?? frame(partBytes(part, shape)) };
    case 'wait':
      return { do: 'wait', ms: part.ms };
    case 'hold':
      return { do: 'hold' };
    case 'repeat':
      return { do: 'repeat', bytes: frame(partBytes(part.part, shape)), everyMs: part.everyMs };
  }
}

function isProper(shape: StreamShape): boolean {
  const ends = shape.ends ?? 'end';
  return ends === 'end' || ends === 'open' || ends === 'reset_on_reuse';
}

function splitWrites(steps: readonly Step[], size: number): readonly Step[] {
  return steps.flatMap((step): readonly Step[] => {
    if (step.do !== 'write') return [step];
    const count = Math.ceil(step.bytes.length / size);
    return Array.from({ length: count }, (_, at) => ({
      do: 'write',
      bytes: step.bytes.subarray(at * size, (at + 1) * size),
      flush: true,
    }));
  });
}

function endSteps(shape: StreamShape): readonly Step[] {
  const last: readonly Step[] =
    shape.framing === 'close' ? [{ do: 'fin' }] : [{ do: 'write', bytes: LAST_CHUNK }];
  switch (shape.ends ?? 'end') {
    case 'end':
      return last;
    case 'fin':
      return [{ do: 'fin' }];
    case 'reset':
      return [{ do: 'reset' }];
    case 'stall':
    case 'open':
      return [{ do: 'stall' }];
    case 'bad_framing':
      return [{ do: 'write', bytes: Buffer.from('no chunk size\r\n') }, { do: 'fin' }];
    case 'reset_on_reuse':
      return [...last, { do: 'reset_on_reuse' }];
  }
}
