import { spawn } from "node:child_process";
import { CloisterError } from "@cloister/core";

/** Settings that keep git from running anything of the repository's or asking anyone: hooks, monitors, pagers, signing, prompts. */
const SAFE_SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.quotePath=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "diff.external=",
  "advice.detachedHead=false",
  "submodule.recurse=false",
].flatMap((setting) => ["-c", setting]);

const SAFE_ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_PAGER: "cat",
  GIT_EDITOR: "true",
  GIT_OPTIONAL_LOCKS: "0",
  LC_ALL: "C",
};

/** Variables that would point git at another repository than the folder's; a hook that starts Cloister sets them. */
const FOREIGN = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_PREFIX",
  "GIT_OBJECT_DIRECTORY",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
];

/** The same for a shell: every `git` in it gets the settings. */
const SAFE_GIT = `git() { command git ${SAFE_SETTINGS.join(" ")} "$@"; }`;

/** Options of one git command. */
export type GitOptions = {
  readonly input?: string;
  /**
   * A shell's words to run where git succeeded, in the same process, with git's output in `$answer`; their output is the answer then.
   * Starting a process costs Node more than git: what always follows is asked for in one go. A constant, never put together.
   */
  readonly followUp?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes besides 0 that are an answer, not an error. */
  readonly allow?: readonly number[];
  /** Output beyond this many bytes is cut off, and git ended. Default 32 MiB. */
  readonly maxBytes?: number;
};

/** What git answered. */
export type GitAnswer = { readonly code: number; readonly stdout: string };

/** Runs git in a folder, with the environment of the user. */
export type RunGit = (args: readonly string[], options?: GitOptions) => Promise<GitAnswer>;

/** The environment without what would lead git astray. */
export function cleanEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter(([name, value]) => value !== undefined && !FOREIGN.includes(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * Git in `folder`.
 * The returned function throws CloisterError `git_failed` with git's own words where it exits with a code that is not allowed.
 */
export function createGit(folder: string, env: Readonly<Record<string, string>>): RunGit {
  const base = { ...cleanEnvironment(env), ...SAFE_ENVIRONMENT };
  return (args, { input, followUp, env: extra, allow = [], maxBytes = 32 * 1024 * 1024 } = {}) =>
    new Promise((resolve, reject) => {
      const [program, all] =
        followUp === undefined
          ? ["git", [...SAFE_SETTINGS, ...args]]
          : ["/bin/sh", ["-c", `${SAFE_GIT}; answer=$(git "$@") && ${followUp}`, "sh", ...args]];
      const child = spawn(program, all, { cwd: folder, env: { ...base, ...extra } });
      const stdout: Buffer[] = [];
      let size = 0;
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBytes) stdout.push(chunk);
        else child.kill();
      });
      child.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString("utf8")).slice(-4000)));
      child.stdin.on("error", () => undefined); // EPIPE: git ended without reading all of it; its exit code tells.
      child.stdin.end(input ?? "");
      child.once("error", (cause) => reject(notStarted(cause)));
      child.once("close", (code, signal) => {
        const cut = size > maxBytes;
        if (code === 0 || cut || (code !== null && allow.includes(code)))
          resolve({ code: code ?? 0, stdout: Buffer.concat(stdout).toString("utf8") });
        else reject(gitFailed(args, code ?? signal, stderr));
      });
    });
}

function notStarted(cause: Error): CloisterError {
  return new CloisterError({
    code: "git_failed",
    message: `git could not be started: ${cause.message}.`,
    remedy: "Install git 2.30 or newer.",
    cause,
  });
}

function gitFailed(args: readonly string[], code: number | string | null, stderr: string): CloisterError {
  return new CloisterError({
    code: "git_failed",
    message: `git ${args[0] ?? ""} ended with ${code}: ${stderr.trim() || "it said nothing"}`,
  });
}
