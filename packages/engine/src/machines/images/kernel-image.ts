import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { LZ4_LEGACY_MAGIC, uncompressLz4 } from "./lz4.ts";

const BZIMAGE_MAGIC = "HdrS";
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * The uncompressed kernel within a compressed one: an emulated processor boots it in less time. For x86 by the header that
 * Documentation/arch/x86/boot.rst describes; for others where the whole file is compressed.
 * @returns undefined where there is nothing to uncompress, or in a way that is not known here
 */
export function uncompressKernel(kernel: Buffer): Buffer | undefined {
  if (kernel.subarray(0x202, 0x206).toString("latin1") !== BZIMAGE_MAGIC) return uncompress(kernel);
  const setupSectors = kernel.readUInt8(0x1f1) || 4;
  const from = (setupSectors + 1) * 512 + kernel.readUInt32LE(0x248);
  const content = uncompress(kernel.subarray(from, from + kernel.readUInt32LE(0x24c)));
  return content?.subarray(0, 4).equals(ELF) === true ? content : undefined;
}

function uncompress(bytes: Buffer): Buffer | undefined {
  if (bytes.subarray(0, 2).equals(GZIP)) return gunzipSync(bytes);
  if (bytes.subarray(0, 4).equals(ZSTD)) return zstdDecompressSync(bytes);
  if (bytes.subarray(0, 4).equals(LZ4_LEGACY_MAGIC)) return uncompressLz4(bytes);
  return undefined;
}
