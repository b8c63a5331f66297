import type { BlockBackend } from "../bus/port.ts";
import { VmError } from "../error.ts";

/**
 * A disk that is a buffer.
 * @param bytes its content, shared with the caller; a multiple of 512 bytes serves a guest best
 */
export function createMemoryDisk(bytes: Uint8Array, options: { readonly readOnly?: boolean } = {}): BlockBackend {
  const readOnly = options.readOnly ?? false;
  const target = (offset: number, length: number): Uint8Array => {
    if (readOnly) throw new VmError("disk_failed", "The disk is read-only: open it for writing.");
    return bytes.subarray(offset, offset + length);
  };
  return {
    sizeBytes: bytes.length,
    readOnly,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    write: (offset, from) => target(offset, from.length).set(from),
    zero: (offset, length) => void target(offset, length).fill(0),
    flush: () => undefined,
    close: () => undefined,
  };
}
