import { fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** What a console may say before its log begins anew. */
const LOG_BYTES = 4 * 1024 * 1024;

/** Opens the log of a machine's console, which is hostile: it never becomes larger than 4 MiB. @returns appends to it */
export function openConsoleLog(path: string): (bytes: Uint8Array) => void {
  const file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;
  return (bytes) => {
    if (size + bytes.length > LOG_BYTES) {
      ftruncateSync(file);
      size = 0;
    }
    size += writeSync(file, bytes.subarray(-LOG_BYTES));
  };
}
