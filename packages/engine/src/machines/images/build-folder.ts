import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lockHolder, takeLock } from "../../runs/lock.ts";

const PREFIX = ".building-";
const LOCK_SUFFIX = ".lock";

/** Where one build works: removed with all that is left in it when the build ends. */
export type BuildFolder = Disposable & {
  /** Makes a folder below it. @returns its path */
  make(name: string): string;
};

/** Makes a folder for a build, within `store` so that what was built can be renamed into place. */
export function startBuildFolder(store: string): BuildFolder {
  const path = join(store, `${PREFIX}${randomBytes(6).toString("hex")}`);
  // Taken before the folder is there: another build removes those that nobody holds.
  const lock = takeLock(`${path}${LOCK_SUFFIX}`);
  mkdirSync(path, { mode: 0o700 });
  return {
    make: (name) => {
      const made = join(path, name);
      mkdirSync(made, { recursive: true });
      return made;
    },
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
      lock[Symbol.dispose]();
    },
  };
}

/** Removes what builds have left behind whose process is gone. */
export function removeLeftovers(store: string): void {
  const entries = readdirSync(store).filter((name) => name.startsWith(PREFIX) && !name.endsWith(LOCK_SUFFIX));
  for (const path of entries.map((name) => join(store, name))) {
    if (lockHolder(`${path}${LOCK_SUFFIX}`) !== undefined) continue;
    rmSync(path, { recursive: true, force: true });
    rmSync(`${path}${LOCK_SUFFIX}`, { force: true });
  }
}
