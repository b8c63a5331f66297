import { renameSync, writeFileSync } from "node:fs";
import { CloisterError } from "@cloister/core";
import type { Machine } from "@cloister/vm";

/** Only its owner may read it: it has all that the guest knew. */
const FILE_MODE = 0o600;

/**
 * Pauses a machine when its console shows a text.
 * @returns tells whether it was shown
 */
export function pauseOnText(machine: Machine, text: string): () => boolean {
  const wanted = Buffer.from(text);
  let seen = Buffer.alloc(0);
  let isShown = false;
  const stop = machine.console.onData((bytes) => {
    seen = Buffer.concat([seen, bytes]);
    isShown = seen.includes(wanted);
    // The text may come in pieces: what could be its beginning is kept.
    seen = seen.subarray(Math.max(0, seen.length - wanted.length + 1));
    if (!isShown) return;
    stop();
    void machine.pause();
  });
  return () => isShown;
}

/**
 * Saves a machine to a file, which is there as a whole or not at all. It is not compressed: so it is read as the restored machine needs it.
 * @throws CloisterError `usage_invalid` where it can't be written
 */
export async function saveMachine(machine: Machine, path: string): Promise<void> {
  const snapshot = await machine.snapshot({ compress: false });
  const unfinished = `${path}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, snapshot, { mode: FILE_MODE });
    renameSync(unfinished, path);
  } catch (cause) {
    throw new CloisterError({
      code: "usage_invalid",
      message: `Expected a place where the snapshot can be written: ${String(cause)}`,
      file: path,
      cause,
    });
  }
}
