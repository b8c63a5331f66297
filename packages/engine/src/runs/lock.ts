import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { CloisterError } from "@cloister/core";

/** Who runs a run: one process at a time. */
export type LockHolder = { readonly pid: number; readonly startedAt: string };

/**
 * Takes the lock of a run for this process. A lock whose process is gone (or whose pid now belongs to another) is taken over.
 * @throws CloisterError `run_busy` where another process holds it.
 */
export function takeLock(path: string): Disposable {
  const mine = JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) ?? "" });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error: unknown) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = lockHolder(path);
      if (holder !== undefined) throw busy(holder);
      rmSync(path, { force: true });
    }
  }
  throw new CloisterError({
    code: "run_busy",
    message: "The run's lock could not be taken.",
    remedy: `Remove ${path} if no cloister runs.`,
  });
}

/** The same for who has something else to do: undefined where another process holds it. */
export function tryLock(path: string): Disposable | undefined {
  try {
    return takeLock(path);
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "run_busy") return undefined;
    throw error;
  }
}

/** The living process that holds the lock, or undefined. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(path, "utf8")) as LockHolder;
    return typeof pid === "number" && startTime(pid) === startedAt ? { pid, startedAt } : undefined;
  } catch {
    return undefined; // No lock, or one that was never written to its end.
  }
}

function busy({ pid }: LockHolder): CloisterError {
  return new CloisterError({
    code: "run_busy",
    message: `The run is at work in process ${pid}.`,
    remedy: "Watch it with `cloister logs -f`, or stop it with `cloister stop`.",
  });
}

/** When a process was started, in a form that is equal for the same process only; undefined where there is none. */
function startTime(pid: number): string | undefined {
  if (process.platform !== "linux") return isThere(pid) ? "" : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // No such process.
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error: unknown) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
