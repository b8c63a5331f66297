import { VmError } from "../error.ts";

/** Bytes of the header of a RISC-V Linux Image. */
const HEADER_BYTES = 64;
const IMAGE_SIZE = 16;
const FLAGS = 24;
const MAGIC2 = 56;
/** "RSC\x05", little-endian. */
const MAGIC2_VALUE = 0x0543_5352;
const BIG_ENDIAN = 1;

/** How files begin that hold a kernel which first had to be unpacked. */
const COMPRESSED: readonly (readonly [format: string, offset: number, magic: readonly number[]])[] = [
  ["gzip", 0, [0x1f, 0x8b]],
  ["xz", 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["zstd", 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ["lz4", 0, [0x02, 0x21, 0x4c, 0x18]],
  ["bzip2", 0, [0x42, 0x5a, 0x68]],
  ["self-extracting EFI", 4, [0x7a, 0x69, 0x6d, 0x67]],
];

/**
 * Reads the header of a kernel's Image.
 * @returns bytes that the kernel needs from where it is loaded, its zeroed data included; undefined for a file without such a header
 * @throws VmError `image_invalid` for a compressed or big-endian kernel, and for one that does not say its size
 * @see Linux, Documentation/arch/riscv/boot-image-header.rst
 */
export function readImageSize(bytes: Uint8Array): number | undefined {
  const compressed = COMPRESSED.find(([, offset, magic]) => magic.every((byte, at) => bytes[offset + at] === byte));
  if (compressed !== undefined) throw invalid(`it is compressed (${compressed[0]}): unpack it first`);
  if (bytes.length < HEADER_BYTES) return undefined;
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (header.getUint32(MAGIC2, true) !== MAGIC2_VALUE) return undefined;
  if ((header.getUint32(FLAGS, true) & BIG_ENDIAN) !== 0) throw invalid("it is big-endian");
  const size = header.getUint32(IMAGE_SIZE, true) + header.getUint32(IMAGE_SIZE + 4, true) * 2 ** 32;
  if (size === 0) throw invalid("its header gives no size");
  return Math.max(size, bytes.length);
}

function invalid(reason: string): VmError {
  return new VmError("image_invalid", `the kernel cannot be started: ${reason}`);
}
