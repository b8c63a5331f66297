import { randomBytes } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "./error-code.ts";
import { makePrivateFolder, readPrivateFile } from "./private-files.ts";

const KEY_BYTES = 32;

/**
 * Reads the key that a user's machine code is sealed with; makes one where there is none.
 * @param path of a file in a folder of the user's own
 * @returns undefined where the file holds something else: nothing is sealed then
 * @throws VmError `option_invalid` where others may write to the folder
 */
export async function openNativeKey(path: string): Promise<Uint8Array | undefined> {
  await makePrivateFolder(dirname(path));
  const { bytes, fault } = await readPrivateFile(path, KEY_BYTES);
  if (fault !== undefined) return undefined;
  if (bytes !== undefined) return bytes.length === KEY_BYTES ? bytes : undefined;
  await makeKey(path);
  return openNativeKey(path);
}

/** Whoever comes first makes the key, and it is there as a whole or not at all. */
async function makeKey(path: string): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString("hex")}.temporary`;
  try {
    {
      await using file = await open(temporary, "wx", 0o600);
      await file.writeFile(randomBytes(KEY_BYTES));
    }
    await link(temporary, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
