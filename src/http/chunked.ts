import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

/** Writes the body of an answer whose length nobody knows yet. */
export interface BodyWriter {
  /** `false`: the client is behind. */
  write(bytes: Buffer): boolean;
  end(): void;
}

/** Above this a copy costs more than two further pieces of the same write, bytes. */
const COPY_LIMIT = 16 * 1024;
const CRLF = Buffer.from('\r\n');

/**
 * Sends the head and gives the writer of the body. Node frames a chunk in four pieces; we frame it in one buffer, which
 * saves a fifth of what a small chunk costs (measured). `chunkedEncoding` is what tells Node that the framing is done.
 * A client of HTTP/1.0 knows no chunks: there Node closes the connection at the end.
 */
export function beginBody(
  outgoing: ServerResponse,
  status: number,
  headers: readonly OutgoingHttpHeader[],
): BodyWriter {
  if (!outgoing.useChunkedEncodingByDefault) {
    outgoing.writeHead(status, [...headers]);
    return {
      write: (bytes) => outgoing.write(bytes),
      end: () => {
        outgoing.end();
      },
    };
  }
  outgoing.writeHead(status, [...headers, 'transfer-encoding', 'chunked']);
  outgoing.chunkedEncoding = false;
  return {
    // An empty chunk would be the closing one.
    write: (bytes) => (bytes.length === 0 ? !outgoing.writableNeedDrain : writeChunk(outgoing, bytes)),
    end: () => {
      outgoing.end('0\r\n\r\n', 'latin1');
    },
  };
}

function writeChunk(outgoing: ServerResponse, bytes: Buffer): boolean {
  const size = `${bytes.length.toString(16)}\r\n`;
  if (bytes.length > COPY_LIMIT) {
    outgoing.write(size, 'latin1');
    outgoing.write(bytes);
    return outgoing.write(CRLF);
  }
  const frame = Buffer.allocUnsafe(size.length + bytes.length + CRLF.length);
  frame.write(size, 0, 'latin1');
  bytes.copy(frame, size.length);
  CRLF.copy(frame, size.length + bytes.length);
  return outgoing.write(frame);
}
