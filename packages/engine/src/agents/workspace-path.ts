import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

/**
 * Where `path` (relative to `workspace`, or absolute) really is, symbolic links resolved. It need not exist.
 * @throws Error where that is outside `workspace`; its message names the path as it was given.
 */
export function resolveInWorkspace(workspace: string, path: string): string {
  const root = realpathSync(workspace);
  const real = realPathOf(resolve(root, path));
  const fromRoot = real === undefined ? ".." : relative(root, real);
  if (real === undefined || fromRoot === ".." || fromRoot.startsWith(`..${sep}`)) {
    throw new Error(`${path} is outside the workspace: only paths inside it may be read or written.`);
  }
  return real;
}

/** The real path of what exists, with the rest appended. Undefined for a link to nowhere: what is written there could land anywhere. */
function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    if (isLink(path) || dirname(path) === path) return undefined;
    const parent = realPathOf(dirname(path));
    return parent === undefined ? undefined : join(parent, basename(path));
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
