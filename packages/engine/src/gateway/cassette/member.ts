/**
 * How records lie in a cassette: each as a member of its own, which is a marker and a zstd frame.
 *
 * The marker is what zstd calls a skippable frame, so that `zstd -dc` reads the file as it is. It holds the frame's length and
 * checksum: a member that a crash or an attacker tore is found before it is unpacked, and the next one is found after it.
 */
import { promisify } from "node:util";
import { crc32, zstdCompress, zstdDecompress } from "node:zlib";
import { MAX_RECORD_BYTES } from "./exchange.ts";

/** Bytes of a marker: four little-endian numbers, which are magic, length of the rest, length of the frame, its CRC-32. */
export const MARKER_BYTES = 16;
/** What each marker begins with: a magic number of zstd's skippable frames (RFC 8878, 3.1.2), and the length of what follows. */
export const MARKER_START: Buffer = Buffer.from([0x5c, 0x2a, 0x4d, 0x18, 8, 0, 0, 0]);

/** What a marker says of the frame behind it. */
export type Marker = { readonly length: number; readonly checksum: number };

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Packs a record, away from the event loop. @throws RangeError where it is longer than any that is read. */
export async function packMember(record: string): Promise<Buffer> {
  const bytes = Buffer.from(record, "utf8");
  if (bytes.length > MAX_RECORD_BYTES) throw new RangeError(`a record has ${bytes.length} bytes`);
  const frame = await compress(bytes);
  const marker = Buffer.alloc(MARKER_BYTES);
  MARKER_START.copy(marker);
  marker.writeUInt32LE(frame.length, MARKER_START.length);
  marker.writeUInt32LE(crc32(frame), MARKER_START.length + 4);
  return Buffer.concat([marker, frame]);
}

/** Reads a marker; undefined where the bytes are none. */
export function parseMarker(bytes: Buffer): Marker | undefined {
  if (bytes.length < MARKER_BYTES || bytes.compare(MARKER_START, 0, 8, 0, 8) !== 0) return undefined;
  return { length: bytes.readUInt32LE(MARKER_START.length), checksum: bytes.readUInt32LE(MARKER_START.length + 4) };
}

/** Unpacks a frame, never to more than {@link MAX_RECORD_BYTES}. Undefined where it is damaged, or would be longer. */
export async function unpackFrame(frame: Buffer, { checksum }: Marker): Promise<string | undefined> {
  if (crc32(frame) !== checksum) return undefined;
  try {
    return (await decompress(frame, { maxOutputLength: MAX_RECORD_BYTES })).toString("utf8");
  } catch {
    return undefined; // Damaged or a bomb: the caller says so.
  }
}
