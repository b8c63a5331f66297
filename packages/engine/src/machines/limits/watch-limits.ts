import { statfs } from "node:fs/promises";
import { folderSizeKib } from "./folder-size.ts";
import type { AppliedLimits, LimitBreach } from "./port.ts";

const LOOK_MS = 250;
/** The walk through a folder may take this part of one processor. */
const WALK_SHARE = 0.05;
/** The file system lost this part of the limit since the last walk: reason enough for another. */
const URGENT_SHARE = 0.1;
const MIB = 1024 * 1024;

/** What is written, and how much of it may be. */
export type DiskWatch = {
  /** Its size is what counts as written, where `sizeKib` does not say. The free space of its file system shows when to look. */
  readonly folder: string;
  readonly diskMib: number;
  /** What was written, in KiB; undefined where it can't be told. Default: the size of `folder`. */
  readonly sizeKib?: () => Promise<number | undefined>;
};

/** What to watch. */
export type LimitsWatch = {
  /** Tells whether the limits of memory and processes were hit. */
  readonly applied: Pick<AppliedLimits, "breach">;
  /** What is written, where nothing else holds that. */
  readonly disk?: DiskWatch;
  /** Called once, at the first breach; then the watch has ended. */
  readonly onBreach: (breach: LimitBreach) => void;
};

/**
 * Watches a machine's limits until disposed of. Memory and processes are looked at every 250 ms. The folder is walked through as often
 * as costs little, and at once where the file system's free space shrinks fast.
 */
export function watchLimits(watch: LimitsWatch): Disposable {
  const { applied, disk } = watch;
  const timers = new Set<NodeJS.Timeout>();
  let isOver = false;
  const end = (): void => {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
  };
  // Two rounds of their own: a long walk must not keep the other from looking.
  const lookAgain = (find: () => Promise<LimitBreach | undefined>): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void find().then((breach) => {
        if (isOver) return;
        if (breach === undefined) return lookAgain(find);
        end();
        watch.onBreach(breach);
      });
    }, LOOK_MS).unref();
    timers.add(timer);
  };
  lookAgain(() => Promise.resolve(applied.breach()));
  if (disk !== undefined) lookAgain(createDiskLook(disk));
  return { [Symbol.dispose]: end };
}

/** Returns what tells, when called now and then, whether the folder has outgrown its limit. */
function createDiskLook({ folder, diskMib, sizeKib }: DiskWatch): () => Promise<LimitBreach | undefined> {
  const measure = sizeKib ?? ((): Promise<number | undefined> => folderSizeKib(folder));
  let nextWalk = 0;
  let freeThen = Number.POSITIVE_INFINITY;
  return async () => {
    const free = await freeBytes(folder);
    const isUrgent = freeThen - free > diskMib * MIB * URGENT_SHARE;
    const begun = performance.now();
    if (begun < nextWalk && !isUrgent) return undefined;
    freeThen = free;
    const size = await measure();
    const ended = performance.now();
    nextWalk = ended + (ended - begun) / WALK_SHARE;
    if (size === undefined || size <= diskMib * 1024) return undefined;
    return { limit: "disk", detail: `It wrote ${Math.round(size / 1024)} MiB, more than its ${diskMib} MiB.` };
  };
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return 0; // It has gone: the walk will find nothing either.
  }
}
