import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The secret from which the placeholders and the authority of a machine come: the same for every process that serves it, made by the
 * first. It stays on the host.
 * @param folder the machine's
 */
export function egressSeed(folder: string): Uint8Array {
  const path = join(folder, "egress-seed");
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, randomBytes(32), { mode: 0o600 });
  try {
    linkSync(draft, path); // Whole or not at all, and by one of them alone.
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path);
}
