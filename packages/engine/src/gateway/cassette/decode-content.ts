import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

type Decoder = (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

/** Whether bytes with this `content-encoding` are as they read. */
export function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === "" || encoding === "identity";
}

/** Undoes a `content-encoding`. Undefined where it is unknown, the bytes are damaged, or they would come to more than `limit`. */
export async function decodeContent(bytes: Uint8Array, encoding: string, limit: number): Promise<Buffer | undefined> {
  const decode = DECODERS.get(encoding.trim().toLowerCase());
  if (decode === undefined) return undefined;
  try {
    return await decode(bytes, { maxOutputLength: limit });
  } catch {
    return undefined; // Damaged or too long: the caller leaves the content out, and says so.
  }
}
