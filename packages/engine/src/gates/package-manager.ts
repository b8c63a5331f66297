import type { ProjectFiles } from "./project-files.ts";

/** The JavaScript package manager that a project's lockfile speaks of. */
export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

const LOCKFILES: readonly (readonly [string, PackageManager])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
];

/** The manager of the lockfile, or else the one that `packageManager` names, or else npm; and the lockfile, where there is one. */
export function detectPackageManager(files: ProjectFiles): { manager: PackageManager; lockfile: string | undefined } {
  const found = LOCKFILES.find(([name]) => files.has(name));
  if (found !== undefined) return { manager: found[1], lockfile: found[0] };
  const named = /"packageManager"\s*:\s*"(npm|pnpm|yarn|bun)@/.exec(files.read("package.json"))?.[1];
  return { manager: (named as PackageManager | undefined) ?? "npm", lockfile: undefined };
}
