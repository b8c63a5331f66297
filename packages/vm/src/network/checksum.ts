/** The Internet's checksum (RFC 1071). */

/**
 * Adds 16-bit words up; an odd last byte counts as the upper half of a word.
 * @param sum what was added before, from an even number of bytes
 * @returns to be passed on, or to `toChecksum`
 */
export function sumWords(bytes: Uint8Array, sum = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const even = bytes.length & ~1;
  let total = sum;
  for (let offset = 0; offset < even; offset += 2) {
    total += view.getUint16(offset);
  }
  return even === bytes.length ? total : total + (view.getUint8(even) << 8);
}

/** The complement of a sum's ones' complement. @returns 16 bits; 0 where the sum included a right checksum */
export function toChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) {
    folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  }
  return ~folded & 0xffff;
}

/**
 * The sum of the pseudo header that UDP and TCP checksums begin with (RFC 9293, section 3.1).
 * @param addresses source and destination, unsigned 32 bits each
 */
export function sumPseudoHeader(
  addresses: { readonly source: number; readonly destination: number },
  protocol: number,
  length: number,
): number {
  const { source, destination } = addresses;
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length;
}
