import { randomBytes } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "./error-code.ts";
import { makePrivateFolder, readPrivateFile } from "./private-files.ts";

const KEY_BYTES = 32;

/**
 * Reads the key that a user's machine code is sealed with; makes one where there is none.
 * @param path of a file in a folder of the user's own
 * @returns undefined where that can't be: others may write there, or the file holds something else
 */
export async function openNativeKey(path: string): Promise<Uint8Array | undefined> {
  try {
    await makePrivateFolder(dirname(path));
    if ((await readPrivateFile(path, KEY_BYTES)).bytes === undefined) await makeKey(path);
    const { bytes } = await readPrivateFile(path, KEY_BYTES);
    return bytes?.length === KEY_BYTES ? bytes : undefined;
  } catch {
    return undefined; // A machine does without.
  }
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
