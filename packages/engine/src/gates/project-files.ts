import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const MAX_FILE_BYTES = 1024 * 1024;

/** What detection looks at: the top folder of a project. */
export interface ProjectFiles {
  has(name: string): boolean;
  /** Tells whether a file at the top matches. */
  hasMatch(pattern: RegExp): boolean;
  /** The text of a file, empty where it is not there or too large. */
  read(name: string): string;
  /** The scripts of `package.json`. Undefined where there is none that can be read. */
  readonly scripts: Readonly<Record<string, string>> | undefined;
}

const PackageJson = z.object({ scripts: z.record(z.string(), z.string()).default({}) });

/** Reads the top of folder `dir`. */
export function readProject(dir: string): ProjectFiles {
  const names = new Set(listNames(dir));
  const read = (name: string): string => (names.has(name) ? readBounded(join(dir, name)) : "");
  return {
    has: (name) => names.has(name),
    hasMatch: (pattern) => [...names].some((name) => pattern.test(name)),
    read,
    scripts: parseScripts(read("package.json")),
  };
}

/** The scripts of a `package.json`'s text. Undefined where it can't be read as one. */
export function parseScripts(text: string): Readonly<Record<string, string>> | undefined {
  try {
    return PackageJson.safeParse(JSON.parse(text)).data?.scripts;
  } catch {
    return undefined; // Broken JSON has no scripts; npm will say so itself.
  }
}

function listNames(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // No such folder: nothing is detected.
  }
}

function readBounded(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size <= MAX_FILE_BYTES ? readFileSync(path, "utf8") : "";
}
