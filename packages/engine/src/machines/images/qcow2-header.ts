import { CloisterError } from "@cloister/core";

const MAGIC = 0x514649fb;
const HEADER_BYTES = 104;
/** Bits of what a reader must know: the data lies in another file. */
const EXTERNAL_DATA = 1n << 2n;
const MAX_DISK_BYTES = 2n ** 40n;

/** What of a file's beginning tells whether it is a qcow2 image, and of which kind. */
export const QCOW2_HEADER_BYTES: number = HEADER_BYTES;

/**
 * Tells whether a file is a qcow2 image, by its beginning, before any tool opens it. QEMU: docs/interop/qcow2.txt
 * @param head its first {@link QCOW2_HEADER_BYTES} bytes, or all where it has fewer
 * @throws CloisterError `image_invalid` for one that would have other files opened, is encrypted, or is larger than 1 TiB
 */
export function isSafeQcow2(head: Buffer, path: string): boolean {
  if (head.length < 4 || head.readUInt32BE(0) !== MAGIC) return false;
  const problem = problemOf(head);
  if (problem === undefined) return true;
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected ${path} to be a disk that is whole and stands alone, it ${problem}.`,
    remedy: `Where you trust all of its files, make it one: qemu-img convert -O qcow2 ${path} whole.qcow2`,
  });
}

function problemOf(head: Buffer): string | undefined {
  if (head.length < HEADER_BYTES) return "ends within its header";
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) return `is of version ${version} of qcow2, which is not known`;
  if (head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0) return "stands on another file (its backing file)";
  if (head.readUInt32BE(32) !== 0) return "is encrypted";
  if (head.readBigUInt64BE(24) > MAX_DISK_BYTES) return "is larger than 1 TiB";
  // Version 2 has no such field.
  if (version === 3 && (head.readBigUInt64BE(72) & EXTERNAL_DATA) !== 0n) return "has its data in another file";
  return undefined;
}
