import { readFileSync, statSync } from "node:fs";

/** Larger files are not read whole; the model is told to take a part of them with the shell. */
export const MAX_FILE_BYTES: number = 4 * 1024 * 1024;

/**
 * Reads the text file at the absolute path `real`; `path` is what the model calls it.
 * @throws Error with advice for the model: no regular file (a pipe would block), too large, or binary.
 */
export function readTextFile(real: string, path: string): string {
  const stats = statSync(real, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`${path} does not exist.`);
  if (!stats.isFile()) throw new Error(`${path} is not a file.`);
  if (stats.size > MAX_FILE_BYTES)
    throw new Error(`${path} is too large (${stats.size} bytes): use the shell to see a part.`);
  const bytes = readFileSync(real);
  if (isBinary(bytes)) throw new Error(`${path} is a binary file.`);
  return bytes.toString("utf8");
}

/** Tells whether `bytes` are no text: a zero byte among the first 8 KiB. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8192).includes(0);
}
