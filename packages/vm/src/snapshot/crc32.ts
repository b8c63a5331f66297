/** Computes CRC-32 (ITU-T V.42; gzip, zlib): 0 to 2^32 - 1. */
export type Crc32 = (bytes: Uint8Array) => number;

/** The polynomial, bits reversed. */
const POLYNOMIAL = 0xedb8_8320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) === 0 ? 0 : POLYNOMIAL);
  return value;
});

/** For hosts that have none of their own. */
export const portableCrc32: Crc32 = (bytes) => {
  let value = -1;
  for (let index = 0; index < bytes.length; index++)
    value = (value >>> 8) ^ (TABLE[(value ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  return ~value >>> 0;
};
