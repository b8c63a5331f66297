import type { SnapshotFile } from "../snapshot/snapshot-file.ts";
import { openRandomAccessFile } from "./file.ts";

/**
 * Opens a snapshot on disk, to be read as the machine needs it. The file may be renamed or removed afterwards, but not be written to.
 * @param path of a file; the machine that is made of it closes it
 * @throws VmError `disk_failed` where it can't be read
 */
export function openSnapshotFile(path: string): SnapshotFile {
  const file = openRandomAccessFile({ path, readOnly: true });
  let isOpen = true;
  return {
    byteLength: file.sizeBytes,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      file.read(offset, bytes);
      return bytes;
    },
    close() {
      if (isOpen) file.close();
      isOpen = false;
    },
  };
}
