/** A file that disks are kept in: bytes at offsets. Synchronous, like the disk over it. */
export interface RandomAccessFile {
  /** Its length now, in bytes. */
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Fills `into` from an offset; what lies beyond the end reads as zeroes. @throws VmError `disk_failed` */
  read(offset: number, into: Uint8Array): void;
  /** Writes, and grows the file where needed. @throws VmError `disk_failed` */
  write(offset: number, bytes: Uint8Array): void;
  /** Everything written so far survives a loss of power. @throws VmError `disk_failed` */
  flush(): void;
  close(): void;
}

/** How a disk's bytes are laid out in a file. */
export type DiskFormat = "raw" | "qcow2";

/** Sectors are what a guest addresses, in bytes. */
export const SECTOR_BYTES = 512;
