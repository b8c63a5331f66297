/** A file of a cpio archive. */
export type CpioEntry = {
  /** Without leading slash. */
  readonly path: string;
  /** Type and permissions, such as 0o100755 for a program or 0o40755 for a folder. */
  readonly mode: number;
  /** What a file holds, or where a link leads to. */
  readonly content?: Uint8Array;
  /** Of a device: major and minor number. */
  readonly device?: readonly [number, number];
};

const TRAILER = "TRAILER!!!";

/**
 * A cpio archive in the format that Linux takes as initramfs (`newc`, Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 * Everything belongs to root and bears the same time: equal entries give equal bytes.
 * @param time in s since the epoch
 */
export function writeCpio(entries: readonly CpioEntry[], time: number): Buffer {
  const all = [...entries, { path: TRAILER, mode: 0 }];
  return Buffer.concat(all.flatMap((entry, index) => encodeEntry(entry, index + 1, time)));
}

function encodeEntry({ path, mode, content, device }: CpioEntry, inode: number, time: number): readonly Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const body = content ?? Buffer.alloc(0);
  const isTrailer = path === TRAILER;
  const fields = [
    isTrailer ? 0 : inode,
    mode,
    0, // owner
    0, // group
    1, // links
    isTrailer ? 0 : time,
    body.byteLength,
    0, // major and minor number of the disk it was on
    0,
    ...(device ?? [0, 0]),
    name.byteLength,
    0, // checksum: none in this format
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [header, name, padding(header.byteLength + name.byteLength), body, padding(body.byteLength)];
}

/** Names and contents end at multiples of 4 bytes. */
function padding(bytes: number): Uint8Array {
  return Buffer.alloc((4 - (bytes % 4)) % 4);
}
