import type { Finding } from "@cloister/core";
import picomatch from "picomatch";
import type { ChangedFile } from "./change.ts";

/** Files that the plan protects and that differ from the base, by their old and their new name. */
export function findProtectedPaths(files: readonly ChangedFile[], protect: readonly string[]): Finding[] {
  if (protect.length === 0) return [];
  const isProtected = picomatch([...protect], { dot: true });
  return files
    .filter(({ path, oldPath }) => isProtected(path) || (oldPath !== undefined && isProtected(oldPath)))
    .map(({ path, status }) => ({
      name: "protected_path_changed",
      message: `The plan protects ${path}, and it was ${status}: put it back as it was.`,
      file: path,
    }));
}
