import type { BlockBackend } from "../bus/port.ts";
import { SECTOR_BYTES, type RandomAccessFile } from "./port.ts";

/** A disk whose bytes are the file's. A last sector that the file has only a part of reads as if zeroes followed. */
export function createRawDisk(file: RandomAccessFile): BlockBackend {
  return {
    sizeBytes: Math.ceil(file.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES,
    readOnly: file.readOnly,
    read: (offset, into) => file.read(offset, into),
    write: (offset, bytes) => file.write(offset, bytes),
    flush: () => file.flush(),
    close: () => file.close(),
  };
}
