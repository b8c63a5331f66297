/** The bytes of a snapshot that need not be in memory: a file on disk. */
export interface SnapshotFile {
  readonly byteLength: number;
  /**
   * Reads a part of it, which lies within; a machine that goes on from it reads as long as it runs. The bytes must never change.
   * @returns bytes that the caller won't write to
   */
  read(offset: number, length: number): Uint8Array;
  /** Nothing more is going to be read. May be called again. */
  close(): void;
}

/** A snapshot, as bytes or as a file. */
export type SnapshotBytes = Uint8Array | SnapshotFile;

/** Makes a file of either. */
export function toSnapshotFile(from: SnapshotBytes): SnapshotFile {
  if (!(from instanceof Uint8Array)) return from;
  return {
    byteLength: from.length,
    read: (offset, length) => from.subarray(offset, offset + length),
    close: () => undefined,
  };
}
