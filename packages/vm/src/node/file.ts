import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { RandomAccessFile } from "../disk/port.ts";
import { VmError } from "../error.ts";

/** What may go wrong with a file becomes an error that a caller can act on. */
function orDiskFailed<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof VmError) throw cause;
    throw new VmError(
      "disk_failed",
      `The disk file ${path} failed: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

/** How a file is opened. */
export type OpenFileOptions = {
  readonly path: string;
  readonly readOnly: boolean;
  /** Makes an empty file, or empties the one that is there. */
  readonly create?: boolean;
};

/**
 * Opens a regular file. Never waits: what is no regular file (a pipe, a device) is refused.
 * @throws VmError `disk_failed`
 */
export function openRandomAccessFile({ path, readOnly, create = false }: OpenFileOptions): RandomAccessFile {
  return orDiskFailed(path, () => {
    const access = readOnly ? constants.O_RDONLY : constants.O_RDWR;
    const descriptor = openSync(path, access | constants.O_NONBLOCK | (create ? constants.O_CREAT : 0), 0o644);
    const status = fstatSync(descriptor);
    if (!status.isFile()) {
      closeSync(descriptor);
      throw new VmError("disk_failed", `The disk ${path} is no regular file.`);
    }
    if (create) ftruncateSync(descriptor, 0);
    return new NodeFile(path, descriptor, { readOnly, sizeBytes: create ? 0 : status.size });
  });
}

class NodeFile implements RandomAccessFile {
  readonly readOnly: boolean;
  sizeBytes: number;
  readonly #path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number, { readOnly, sizeBytes }: { readOnly: boolean; sizeBytes: number }) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.readOnly = readOnly;
    this.sizeBytes = sizeBytes;
  }

  read(offset: number, into: Uint8Array): void {
    orDiskFailed(this.#path, () => {
      for (let done = 0; done < into.length;) {
        const count = readSync(this.#descriptor, into, done, into.length - done, offset + done);
        if (count === 0) into.fill(0, done);
        done = count === 0 ? into.length : done + count;
      }
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    orDiskFailed(this.#path, () => {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
      }
    });
    this.sizeBytes = Math.max(this.sizeBytes, offset + bytes.length);
  }

  flush(): void {
    orDiskFailed(this.#path, () => fdatasyncSync(this.#descriptor));
  }

  close(): void {
    orDiskFailed(this.#path, () => closeSync(this.#descriptor));
  }
}
