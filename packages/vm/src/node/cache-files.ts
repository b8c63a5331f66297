import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CACHE_FORMAT_VERSION, type CacheHeader, MOST_HEADER_BYTES, readCacheHeader } from "../cache/cache-file.ts";
import { checksum, toHexadecimal } from "../cache/checksum.ts";
import { VmError } from "../error.ts";
import { hasCode } from "./error-code.ts";

const SUFFIX = ".cloister-units";
const HOUR = 3_600_000;
/** How long a file is kept that no engine has saved to, in milliseconds: an older version may come back. */
const KEPT_FOR = 30 * 24 * HOUR;

/** A file of a cache folder. */
export type CacheFile = {
  readonly name: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
  /** Compiled units; what was set aside because it was damaged; what a save leaves behind for a moment, or one that was ended. */
  readonly kind: "units" | "damaged" | "temporary";
  /** What its header says, unchecked: the engine that made it, how many units. */
  readonly header?: CacheHeader;
};

/** The name of the file of an engine's units: another one for each engine and version of the format. */
export function cacheFileName(engine: string): string {
  const identification = Buffer.from(`${CACHE_FORMAT_VERSION} ${engine}`, "latin1");
  return `${toHexadecimal(checksum(identification)).slice(0, 16)}${SUFFIX}`;
}

/** The files of a cache folder, those written last first. Files of others are left out. None where there is no such folder. */
export async function listCacheFiles(folder: string): Promise<readonly CacheFile[]> {
  const names = await orWhereMissing(() => readdir(folder), []);
  const own = names.filter((name) => name.includes(SUFFIX));
  const files = await Promise.all(own.map((name) => orWhereMissing(() => describeFile(folder, name), undefined)));
  return files.filter((file) => file !== undefined).sort((one, other) => other.modified - one.modified);
}

/** Removes all files of a cache folder. @returns how many, and how large they were */
export async function clearCacheFiles(folder: string): Promise<{ readonly files: number; readonly bytes: number }> {
  const files = await listCacheFiles(folder);
  for (const { name } of files) await rm(join(folder, name), { force: true });
  return { files: files.length, bytes: files.reduce((total, { bytes }) => total + bytes, 0) };
}

/** Removes what no engine has saved to for thirty days, and what a save that was ended left behind. @param keep name of a file */
export async function pruneCacheFiles(folder: string, keep: string): Promise<void> {
  for (const { name, kind, modified } of await listCacheFiles(folder)) {
    const age = Date.now() - modified;
    if (name !== keep && age > (kind === "temporary" ? HOUR : KEPT_FOR)) await rm(join(folder, name), { force: true });
  }
}

async function describeFile(folder: string, name: string): Promise<CacheFile | undefined> {
  const path = join(folder, name);
  const status = await stat(path);
  if (!status.isFile()) return undefined;
  const file = { name, bytes: status.size, modified: status.mtimeMs };
  if (!name.endsWith(SUFFIX)) return { ...file, kind: name.endsWith(".damaged") ? "damaged" : "temporary" };
  const header = await readHeader(path);
  return header ? { ...file, kind: "units", header } : { ...file, kind: "damaged" };
}

async function readHeader(path: string): Promise<CacheHeader | undefined> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(MOST_HEADER_BYTES), 0, MOST_HEADER_BYTES, 0);
  try {
    return readCacheHeader(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof VmError) return undefined;
    throw error;
  }
}

/** Others may remove files at any time. */
async function orWhereMissing<Result, Other>(act: () => Promise<Result>, other: Other): Promise<Result | Other> {
  try {
    return await act();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return other;
    throw error;
  }
}
