import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** What to install, where, and for which processor (in Node's words). */
export type NpmInstall = {
  readonly folder: string;
  /** With exact versions. */
  readonly packages: readonly string[];
  readonly cpu: string;
};

/** A package that npm installed. */
export type InstalledPackage = {
  /** Below the folder: `node_modules/…`. */
  readonly path: string;
  readonly version: string;
  /** The hash that npm checked it against. */
  readonly integrity: string;
  /** Its programs by name, as paths below its own. */
  readonly programs: Readonly<Record<string, string>>;
};

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().default(""),
      integrity: z.string().default(""),
      bin: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

const OPTIONS: readonly string[] = [
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--no-package-lock",
  "--no-update-notifier",
  "--loglevel=error",
  "--os=linux",
  "--libc=glibc",
];

/** Installs npm packages with what they depend on, without running a script of theirs. @returns what is there now, in order */
export async function npmInstall(
  context: ToolContext,
  { folder, packages, cpu }: NpmInstall,
): Promise<readonly InstalledPackage[]> {
  mkdirSync(folder, { recursive: true });
  const description = join(folder, "package.json");
  writeFileSync(description, '{ "private": true }\n');
  // This Node first on PATH: npm then checks engines, and picks versions, against it rather than the system's.
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${context.env["PATH"] ?? ""}` };
  await runBuildTool(context, ["npm", "install", ...OPTIONS, `--cpu=${cpu}`, ...packages], { cwd: folder, env });
  const lock = join(folder, "node_modules/.package-lock.json");
  const found = lockSchema.parse(JSON.parse(readFileSync(lock, "utf8")));
  for (const file of [description, lock]) rmSync(file); // The lock names the registry: the image's record has the rest.
  return Object.entries(found.packages)
    .map(([path, { bin, ...rest }]) => ({ path, ...rest, programs: bin }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
