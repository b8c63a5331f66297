/** qcow2 images that hold nothing yet: written here, since starting `qemu-img` takes longer than starting a clone may. */
import { writeFileSync } from "node:fs";

const CLUSTER_BITS = 16;
const CLUSTER = 2 ** CLUSTER_BITS;
/** One entry of the first-level table covers 8192 clusters. */
const L1_COVERS = CLUSTER * (CLUSTER / 8);
const HEADER_BYTES = 104;
const BACKING_FORMAT_EXTENSION = 0xe2792aca;
const REFCOUNT_ORDER = 4;

/** An image to write. */
export type Overlay = {
  /** What it shows where it holds nothing: the name of a file beside it. */
  readonly backing: string;
  readonly backingFormat: "raw" | "qcow2";
  /** What the guest sees, in bytes: 32 TiB at most. */
  readonly sizeBytes: number;
};

/**
 * Writes an empty overlay: header, one refcount table, one refcount block and the first-level table, a cluster each.
 * QEMU: docs/interop/qcow2.txt
 */
export function writeOverlay(path: string, { backing, backingFormat, sizeBytes }: Overlay): void {
  const bytes = Buffer.alloc(4 * CLUSTER);
  const name = Buffer.from(backing);
  const format = Buffer.from(backingFormat);
  const nameAt = HEADER_BYTES + 8 + 8 + 8;
  bytes.write("QFI\xfb", "latin1");
  bytes.writeUInt32BE(3, 4);
  bytes.writeBigUInt64BE(BigInt(nameAt), 8);
  bytes.writeUInt32BE(name.length, 16);
  bytes.writeUInt32BE(CLUSTER_BITS, 20);
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 24);
  bytes.writeUInt32BE(Math.ceil(sizeBytes / L1_COVERS), 36);
  bytes.writeBigUInt64BE(BigInt(3 * CLUSTER), 40);
  bytes.writeBigUInt64BE(BigInt(CLUSTER), 48);
  bytes.writeUInt32BE(1, 56);
  bytes.writeUInt32BE(REFCOUNT_ORDER, 96);
  bytes.writeUInt32BE(HEADER_BYTES, 100);
  bytes.writeUInt32BE(BACKING_FORMAT_EXTENSION, HEADER_BYTES);
  bytes.writeUInt32BE(format.length, HEADER_BYTES + 4);
  format.copy(bytes, HEADER_BYTES + 8);
  name.copy(bytes, nameAt);
  bytes.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER);
  for (let cluster = 0; cluster < 4; cluster++) bytes.writeUInt16BE(1, 2 * CLUSTER + 2 * cluster);
  writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
}
