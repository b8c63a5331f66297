import { lstatSync, mkdirSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { CloisterError } from "@cloister/core";
import { isWithin, SYSTEM_FOLDERS } from "./program-folders.ts";

/** Home folder in every sandbox. */
export const SANDBOX_HOME = "/home/agent";

/** Where the parts of a sandbox lie in its machine's folder. */
export type SandboxPlaces = {
  /** What is the sandbox's own, and part of snapshots. */
  readonly disk: string;
  /** Seen as `/`. */
  readonly root: string;
  /** Seen as `/dev/shm`. */
  readonly shared: string;
  /** Seen as `/etc`, read-only; made anew for a copy. */
  readonly etc: string;
  /** The filter of system calls. */
  readonly filter: string;
  readonly snapshots: string;
};

/** Places of the machine whose folder it is. */
export function sandboxPlaces(folder: string): SandboxPlaces {
  const disk = join(folder, "disk");
  return {
    disk,
    root: join(disk, "root"),
    shared: join(disk, "shared"),
    etc: join(folder, "etc"),
    filter: join(folder, "filter.bpf"),
    snapshots: join(folder, "snapshots"),
  };
}

/** Makes the folders that a sandbox begins with. */
export function makeSandboxDisk(places: SandboxPlaces): void {
  const modes = { [SANDBOX_HOME]: 0o700, "/tmp": 0o1777, "/var/tmp": 0o1777, "/run": 0o755 };
  mkdirSync(places.snapshots, { recursive: true, mode: 0o700 });
  mkdirSync(places.shared, { recursive: true, mode: 0o700 });
  for (const [path, mode] of Object.entries(modes)) mkdirSync(join(places.root, path), { recursive: true, mode });
}

/**
 * Makes sure that every folder and file that something is mounted on exists in the sandbox's root, and that no link leads there: what
 * programs in the sandbox put in the way would make `bwrap` touch other places of the host.
 * @param targets absolute paths in the sandbox, with what is mounted there.
 * @throws CloisterError `machine_failed` where something else stands in the way.
 */
export function makeMountPoints(root: string, targets: ReadonlyMap<string, "folder" | "file">): void {
  for (const [target, kind] of targets) {
    // `..` and the like are taken away before anything is made: the result is below the root in any case.
    const parts = normalize(join(sep, target)).split(sep).filter(Boolean);
    parts.forEach((_, index) => {
      const isLast = index === parts.length - 1;
      makeReal(join(root, ...parts.slice(0, index + 1)), isLast ? kind : "folder");
    });
  }
}

function makeReal(path: string, kind: "folder" | "file"): void {
  const found = lstatSync(path, { throwIfNoEntry: false }) ?? makeNew(path, kind);
  if (found === undefined) return;
  if (kind === "folder" ? found.isDirectory() : found.isFile()) return;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected ${path} to be a ${kind}, because something of the host is shown there. The sandbox has something else.`,
    remedy: "Restore a snapshot of the machine, or remove it and create another.",
  });
}

/** @returns what another connection, to a machine that two runs share, has put there at the same moment */
function makeNew(path: string, kind: "folder" | "file"): Stats | undefined {
  try {
    if (kind === "folder") mkdirSync(path, { mode: 0o755 });
    else writeFileSync(path, "", { flag: "wx" });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return lstatSync(path);
    throw error;
  }
}

/** What is mounted at a path of the host: a folder, or a file. */
export function kindOf(path: string): "folder" | "file" {
  return statSync(path).isDirectory() ? "folder" : "file";
}

/**
 * Folders between `/` and the targets, shortest first. Each is mounted on itself, because what is mounted on can't be renamed or
 * removed from inside: so no link can take its place while another connection is being made.
 */
export function foldersAbove(targets: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const target of targets)
    for (let folder = dirname(target); folder !== sep; folder = dirname(folder)) folders.add(folder);
  const hidden = [...SYSTEM_FOLDERS, "/etc", "/proc", "/dev"];
  return [...folders]
    .filter((folder) => !hidden.some((other) => isWithin(folder, other)))
    .filter((folder) => !targets.some((target) => isWithin(folder, target)))
    .sort((left, right) => left.length - right.length);
}
