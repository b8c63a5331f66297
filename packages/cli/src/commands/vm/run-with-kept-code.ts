import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineIdentity, type MachineOptions } from "@cloister/vm";
import { nodeHost, openCacheFolder, openNativeCode } from "@cloister/vm/node";

/** What a machine takes that uses kept code. */
export type KeptCode = Required<Pick<MachineOptions, "cache" | "host">>;

/**
 * Runs something twice: what the first run compiles, the second one finds in a folder, as another process would.
 * @returns what the second run gave
 */
export async function runWithKeptCode<Result>(run: (code: KeptCode) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-code-"));
  try {
    const native = await openNativeCode(join(folder, "key"));
    const store = await openCacheFolder({ folder, engine: engineIdentity(), native });
    const host = nodeHost(native);
    const first = await store.load();
    await run({ cache: first.cache, host });
    await store.save(first.cache);
    return await run({ cache: (await store.load()).cache, host });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
