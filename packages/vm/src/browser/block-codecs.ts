import type { BlockCodec } from "../snapshot/codec.ts";
import { joinBytes } from "../snapshot/format.ts";

/** What it uses of the Streams and Compression Streams standards. */
type Web = {
  readonly CompressionStream: new (format: string) => Transform;
  readonly DecompressionStream: new (format: string) => Transform;
};

type Transform = {
  readonly readable: {
    getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>; cancel(): Promise<void> };
  };
  readonly writable: { getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } };
};

const FORMAT = "deflate-raw";

/** What snapshots are compressed with in browsers: Deflate (RFC 1951), by their streams. */
export const WEB_CODECS: readonly BlockCodec[] = [
  {
    name: FORMAT,
    compress: async (bytes) => pipe(new (web().CompressionStream)(FORMAT), bytes, Infinity),
    expand: async (bytes, length) => pipe(new (web().DecompressionStream)(FORMAT), bytes, length),
  },
];

function web(): Web {
  return globalThis as unknown as Web;
}

/** Sends bytes through a stream; stops where more than `maximum` come out. */
async function pipe({ writable, readable }: Transform, bytes: Uint8Array, maximum: number): Promise<Uint8Array> {
  const written = write(writable, bytes);
  // The reader fails in the same way, and is the one who is awaited.
  written.catch(() => undefined);
  const reader = readable.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
    pieces.push(part.value);
    length += part.value.length;
    if (length <= maximum) continue;
    await reader.cancel();
    throw new RangeError(`more than ${maximum} bytes`);
  }
  await written;
  return joinBytes(pieces);
}

async function write(writable: Transform["writable"], bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await Promise.all([writer.write(bytes), writer.close()]);
}
