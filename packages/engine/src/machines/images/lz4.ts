/** Begins the format that Linux compresses kernels in: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, "Legacy frame". */
export const LZ4_LEGACY_MAGIC: Buffer = Buffer.from([0x02, 0x21, 0x4c, 0x18]);
/** What one block of it holds at most, uncompressed. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const MIN_MATCH = 4;
/** A length that does not fit into its four bits goes on in the bytes that follow. */
const LONG_LENGTH = 15;

/**
 * Uncompresses a legacy LZ4 frame; what follows its last block is left alone.
 * @throws RangeError where it is damaged
 */
export function uncompressLz4(frame: Buffer): Buffer {
  const blocks: Buffer[] = [];
  let at = LZ4_LEGACY_MAGIC.byteLength;
  while (at + 4 <= frame.byteLength) {
    const size = frame.readUInt32LE(at);
    at += 4;
    if (size === 0 || at + size > frame.byteLength) break; // The kernel's build writes the uncompressed size behind the last block.
    blocks.push(uncompressBlock(frame.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(blocks);
}

/** Sequences of literal bytes and of matches: what stands some way back, once more. https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function uncompressBlock(block: Buffer): Buffer {
  const out = Buffer.allocUnsafe(BLOCK_BYTES);
  let from = 0;
  let to = 0;
  const length = (bits: number): number => {
    let total = bits;
    for (let more = bits === LONG_LENGTH ? 255 : 0; more === 255; total += more) more = block.readUInt8(from++);
    return total;
  };
  while (from < block.byteLength) {
    const token = block.readUInt8(from++);
    const literals = length(token >> 4);
    block.copy(out, to, from, from + literals);
    from += literals;
    to += literals;
    if (from >= block.byteLength) break;
    const back = block.readUInt16LE(from);
    from += 2;
    const end = to + length(token & LONG_LENGTH) + MIN_MATCH;
    if (back === 0 || back > to || end > BLOCK_BYTES) throw new RangeError("The LZ4 data is damaged.");
    // Byte by byte: a match may reach into what it writes.
    for (; to < end; to += 1) out[to] = out[to - back] ?? 0;
  }
  return out.subarray(0, to);
}
