import { SECTOR_BYTES } from "../../../disk/port.ts";

/** Segments of one request, and bytes of one segment: with header and status they stay within a chain's bounds. */
const SEGMENTS_MAX = 62;
const SEGMENT_BYTES_MAX = 64 * 1024;

/** Sectors that one request may discard or fill with zeroes: 8 MiB. */
export const RANGE_SECTORS_MAX: number = 16 * 1024;

/** Offsets in the configuration space (section 5.2.4). */
const FIELD = {
  capacity: 0,
  sizeMax: 8,
  segmentMax: 12,
  blockSize: 20,
  discardSectors: 36,
  discardSegments: 40,
  discardAlignment: 44,
  writeZeroesSectors: 48,
  writeZeroesSegments: 52,
  writeZeroesMayUnmap: 56,
} as const;
const CONFIG_BYTES = 60;

/** The configuration space of a block device. @param sectors of the disk */
export function createBlockConfig(sectors: number): Uint8Array {
  const bytes = new Uint8Array(CONFIG_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(FIELD.capacity, sectors % 0x1_0000_0000, true);
  view.setUint32(FIELD.capacity + 4, Math.floor(sectors / 0x1_0000_0000), true);
  view.setUint32(FIELD.sizeMax, SEGMENT_BYTES_MAX, true);
  view.setUint32(FIELD.segmentMax, SEGMENTS_MAX, true);
  view.setUint32(FIELD.blockSize, SECTOR_BYTES, true);
  view.setUint32(FIELD.discardSectors, RANGE_SECTORS_MAX, true);
  view.setUint32(FIELD.discardSegments, 1, true);
  view.setUint32(FIELD.discardAlignment, 1, true);
  view.setUint32(FIELD.writeZeroesSectors, RANGE_SECTORS_MAX, true);
  view.setUint32(FIELD.writeZeroesSegments, 1, true);
  view.setUint8(FIELD.writeZeroesMayUnmap, 1);
  return bytes;
}
