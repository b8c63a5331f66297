import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { VmError } from "../error.ts";
import { hasCode } from "./error-code.ts";

/** True where a file is this user's own; where the system has no users, all are. */
function isOwn({ uid }: { readonly uid: number }): boolean {
  return (process.getuid?.() ?? uid) === uid;
}

/** True where others may write, as far as the system says so. */
function isOpenToOthers({ mode }: { readonly mode: number }): boolean {
  return process.getuid !== undefined && (mode & 0o022) !== 0;
}

/**
 * Makes a folder that this user alone may write to, or sees that it is one.
 * @throws VmError `option_invalid` where it is none
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await stat(folder);
    if (found.isDirectory() && isOwn(found) && !isOpenToOthers(found)) return;
  } catch (cause) {
    throw unfit(folder, { cause });
  }
  throw unfit(folder, {});
}

function unfit(folder: string, options: ErrorOptions): VmError {
  const reason = options.cause instanceof Error ? ` (${options.cause.message})` : "";
  return new VmError(
    "option_invalid",
    `Expected ${folder} to be a folder of yours that nobody else can write to${reason}: name another one, or chmod 700 it.`,
    options,
  );
}

/** What was read: bytes, or why not. */
export type PrivateBytes = { readonly bytes?: Uint8Array<ArrayBuffer>; readonly fault?: string };

/**
 * Reads a regular file of this user. Nothing and no fault where there is none.
 * @param mostBytes a larger one is at fault
 */
export async function readPrivateFile(path: string, mostBytes: number): Promise<PrivateBytes> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = await file.stat();
    const { size } = status;
    if (!status.isFile() || !isOwn(status)) return { fault: "it is no regular file of yours" };
    if (size > mostBytes) return { fault: `it has ${size} bytes, more than ${mostBytes}` };
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const { bytesRead } = await file.read(bytes, done, size - done, done);
      if (bytesRead === 0) return { fault: "it became shorter while it was read" };
      done += bytesRead;
    }
    return { bytes };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return {};
    if (hasCode(error, "ELOOP")) return { fault: "it is no regular file of yours" };
    throw error;
  }
}

/** Replaces a file as a whole: whoever reads it gets the old or the new bytes, also where this process or the machine ends meanwhile. */
export async function replacePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.temporary`;
  try {
    {
      await using file = await open(temporary, "wx", 0o600);
      await file.writeFile(bytes);
      await file.datasync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
