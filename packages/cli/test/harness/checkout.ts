import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestRepository } from "./test-repository.ts";

/** What of a checkout is the user's: a run must leave it as it was, byte by byte. */
export type Checkout = {
  readonly head: string;
  readonly status: string;
  readonly stash: string;
  /** Refs other than those of runs, with their commits. */
  readonly refs: readonly string[];
  /** Hash by path: of every file but those of `.git` and `.cloister`, and of git's own files that belong to the user. */
  readonly files: Readonly<Record<string, string>>;
};

const GIT_FILES = [".git/HEAD", ".git/index", ".git/config", ".git/info/exclude"];

/** Takes a picture of the user's checkout, to be compared with a later one. */
export function pictureOf({ root, git }: TestRepository): Checkout {
  const own = [...GIT_FILES, ...listHooks(root), ...listFiles(root)].filter((path) => existsSync(join(root, path)));
  const files = own.map((path) => [path, hash(readFileSync(join(root, path)))] as const);
  return {
    files: Object.fromEntries(files),
    head: readFileSync(join(root, ".git/HEAD"), "utf8"),
    status: git("status", "--porcelain=v2", "--branch", "--ignored=no"),
    stash: git("stash", "list"),
    refs: git("for-each-ref", "--format=%(refname) %(objectname)").split("\n").filter(isUsers),
  };
}

function listHooks(root: string): string[] {
  const folder = join(".git", "hooks");
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : [];
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.startsWith(".git/") && !path.startsWith(".cloister/"));
}

function isUsers(ref: string): boolean {
  return !ref.startsWith("refs/heads/cloister/");
}

function hash(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
