/** Checks of the host: what Cloister is built on. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { type Check, type CheckContext, type CheckResult, fail, ok, warn } from "./check.ts";

type Version = readonly [major: number, minor: number];

const NODE_NEEDED: Version = [24, 15];
/** `git worktree` and `git status --porcelain=v2 -z` as they are used here. */
const GIT_NEEDED: Version = [2, 30];
const GIBIBYTE = 1024 ** 3;
const DISK_WARN = 2 * GIBIBYTE;
const DISK_FAIL = GIBIBYTE / 4;
const GIT_TIMEOUT_MS = 5000;

/** The checks of this file. */
export const HOST_CHECKS: readonly Check[] = [
  { name: "node", run: () => checkNode(process.versions.node) },
  { name: "git", run: checkGit },
  { name: "sqlite", run: checkSqlite },
  { name: "processes", run: () => checkProcesses(process.platform) },
  { name: "disk", run: checkDisk },
  { name: "locale", run: ({ env }) => checkLocale(env) },
  { name: "terminal", run: checkTerminal },
];

/** Node, by its version. */
export function checkNode(version: string): CheckResult {
  return isAtLeast(version, NODE_NEEDED)
    ? ok(`Node ${version}`)
    : fail(`Node ${version}`, `Install Node ${NODE_NEEDED.join(".")} or newer.`);
}

/** Git, by what `git --version` prints. */
export function checkGitVersion(printed: string): CheckResult {
  const version = /\d+\.\d+(\.\d+)?/.exec(printed)?.[0] ?? "";
  const found = version === "" ? "unknown version" : `git ${version}`;
  return isAtLeast(version, GIT_NEEDED) ? ok(found) : fail(found, `Install git ${GIT_NEEDED.join(".")} or newer.`);
}

/** The locale: whether the terminal can show more than ASCII (POSIX: LC_ALL over LC_CTYPE over LANG). */
export function checkLocale(env: Readonly<Record<string, string>>): CheckResult {
  const names = ["LC_ALL", "LC_CTYPE", "LANG"];
  const locale = names.map((name) => env[name]).find((value) => value !== undefined && value !== "") ?? "";
  if (/utf-?8/i.test(locale)) return ok(locale);
  return warn(locale === "" ? "none set" : locale, "Set LANG=C.UTF-8: marks such as ✓ may not show.");
}

/** Free space, in bytes. */
export function checkFreeSpace(free: number): CheckResult {
  const found = `${(free / GIBIBYTE).toFixed(1)} GiB free`;
  if (free >= DISK_WARN) return ok(found);
  const remedy = "Make room: each run has a worktree of its own, with its dependencies.";
  return free >= DISK_FAIL ? warn(found, remedy) : fail(found, remedy);
}

async function checkGit({ env }: CheckContext): Promise<CheckResult> {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"], { env, timeout: GIT_TIMEOUT_MS });
    return checkGitVersion(stdout);
  } catch (error: unknown) {
    return fail(`git can't be run (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, "Install git.");
  }
}

function checkSqlite(): CheckResult {
  const database = new DatabaseSync(":memory:");
  try {
    const row = database.prepare("SELECT sqlite_version() AS version").get();
    return ok(`SQLite ${String(row?.["version"])}`);
  } finally {
    database.close();
  }
}

/** Processes that flee from their group are found by their environment: through /proc, or `ps`. */
function checkProcesses(platform: NodeJS.Platform): CheckResult {
  if (platform !== "linux") return ok("escaped processes are found through ps");
  try {
    readFileSync("/proc/self/environ");
    return ok("escaped processes are found through /proc");
  } catch {
    return warn("/proc can't be read", "Mount /proc: processes that escape their group can't be found without it.");
  }
}

async function checkDisk({ cwd }: CheckContext): Promise<CheckResult> {
  const { bavail, bsize } = await statfs(cwd);
  return checkFreeSpace(bavail * bsize);
}

function checkTerminal({ interactive, columns, env }: CheckContext): CheckResult {
  const colours = env["NO_COLOR"] === undefined ? "" : ", no colours (NO_COLOR)";
  return ok(interactive ? `live view, ${columns} columns${colours}` : `plain lines${colours}`);
}

function isAtLeast(version: string, [major, minor]: Version): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
