/**
 * Files of a held-out gate: in the workspace while the gate runs, and never else. What they would overwrite, links in their way
 * included, is set aside and put back. The order survives a crash: what is about to be done is written down first, and undone by
 * {@link removeHeldOut} before anything else runs in the workspace.
 */
import { hash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { z } from "zod";

const Placement = z.object({
  /** Paths (relative to the workspace) that are Cloister's: files, and folders that were not there. */
  placed: z.array(z.string()),
  /** Paths that were there before, in the order of their numbered copies. */
  aside: z.array(z.string()),
});
type Placement = z.infer<typeof Placement>;

/** Where a workspace's placement is noted: outside it, so that an agent does not come upon it. */
function scratchOf(workspace: string): string {
  return join(
    tmpdir(),
    `cloister-${process.getuid?.() ?? "user"}-held-out`,
    hash("sha256", workspace, "hex").slice(0, 32),
  );
}

/**
 * Puts every file of `source` at its place in `workspace`.
 * @param source absolute; its symbolic links are left out.
 * @returns absolute paths of what was placed; none where `source` is no folder with a file in it.
 */
export function placeHeldOut(source: string, workspace: string): readonly string[] {
  removeHeldOut(workspace);
  const files = existsSync(source) && lstatSync(source).isDirectory() ? listFiles(source) : [];
  if (files.length === 0) return [];
  const scratch = scratchOf(workspace);
  const placement = planPlacement(files, workspace);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  placement.aside.forEach((path, index) => copy(join(workspace, path), join(scratch, String(index))));
  writeWhole(join(scratch, "placement.json"), JSON.stringify(placement));
  for (const path of placement.aside) rmSync(join(workspace, path), { recursive: true, force: true });
  for (const file of files) {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    copy(join(source, file), join(workspace, file));
  }
  return files.map((file) => join(workspace, file));
}

/** Takes held-out files out of `workspace` and puts back what was there. Does nothing where none are in place. */
export function removeHeldOut(workspace: string): void {
  const scratch = scratchOf(workspace);
  const placement = readPlacement(join(scratch, "placement.json"));
  for (const path of placement?.placed ?? []) rmSync(join(workspace, path), { recursive: true, force: true });
  placement?.aside.forEach((path, index) => {
    rmSync(join(workspace, path), { recursive: true, force: true });
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    copy(join(scratch, String(index)), join(workspace, path));
  });
  rmSync(scratch, { recursive: true, force: true });
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => path !== ".git" && !path.startsWith(`.git${sep}`))
    .sort();
}

/** Decides, for each file, the topmost path that is to be made or set aside. */
function planPlacement(files: readonly string[], workspace: string): Placement {
  const placed = new Set<string>();
  const aside = new Set<string>();
  for (const file of files) {
    const parts = file.split(sep);
    for (let length = 1; length <= parts.length; length += 1) {
      const path = parts.slice(0, length).join(sep);
      const found = lstatSync(join(workspace, path), { throwIfNoEntry: false });
      const isWanted = found?.isDirectory() === true && length < parts.length;
      if (isWanted) continue;
      (found === undefined ? placed : aside).add(path);
      break;
    }
  }
  return { placed: [...placed], aside: [...aside] };
}

/** Copies a file, folder or link as it is: a link is not followed. */
function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { flush: true });
  renameSync(`${path}.tmp`, path);
}

function readPlacement(path: string): Placement | undefined {
  try {
    return Placement.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // None in place: the note is written whole or not at all.
  }
}
