import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** More calls than any test makes: what stops a search that cannot end. */
const MAX_CALLS = 100_000;

/**
 * Counts calls across processes, also ones at the same time: whoever creates the file `n` in `folder` first is the n-th call.
 * @returns the number of this call, from 1.
 */
export function countCall(folder: string): number {
  mkdirSync(folder, { recursive: true });
  for (let call = 1; call <= MAX_CALLS; call += 1) {
    if (claim(join(folder, String(call)))) return call;
  }
  throw new Error(`${folder} holds ${MAX_CALLS} calls already; remove it.`);
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, "", { flag: "wx" });
    return true;
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
