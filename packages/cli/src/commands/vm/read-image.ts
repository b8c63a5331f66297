import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CloisterError } from "@cloister/core";

/**
 * Reads a file that a machine is to have.
 * @param what it is, for the error: "kernel"
 * @throws CloisterError `usage_invalid`
 */
export function readImage(what: string, path: string, cwd: string): Uint8Array {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CloisterError({
      code: "usage_invalid",
      message: `Expected a file with the ${what}: ${reason}`,
      file: path,
      cause,
    });
  }
}
