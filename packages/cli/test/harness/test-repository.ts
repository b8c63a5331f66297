import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SAMPLE_PROJECT } from "@cloister/testkit";
import { startCli, type CliEnd, type CliProcess } from "./cli-process.ts";

const CACHE = join(import.meta.dirname, "..", "..", "..", "..", ".cache", "cloister");

/** What a test repository is made of. */
export type RepositoryOptions = {
  /** Text by path; the testkit's sample project where left out. */
  readonly project?: Readonly<Record<string, string>>;
  /** Text by path, on top of the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** Name of the repository's folder; may be several below each other. */
  readonly name?: string;
  /** Whether the user has told git a name and an address. Default: true. */
  readonly identity?: boolean;
  /** Whether there is a commit. Default: true. */
  readonly commit?: boolean;
  /** Variables on top of those that every test has. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A git repository of a user, in a temporary folder that holds everything its runs make. */
export interface TestRepository extends Disposable {
  /** Holds repository, home and state. */
  readonly folder: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs git and gives what it printed. */
  readonly git: (...args: readonly string[]) => string;
  /** Starts `cloister` in the repository, as a user's shell would. */
  readonly start: (args: readonly string[], changes?: CallChanges) => CliProcess;
  /** Runs `cloister` to its end. */
  readonly run: (args: readonly string[], changes?: CallChanges) => Promise<CliEnd>;
}

/** How a call differs from one made in the repository's root with its environment. */
export type CallChanges = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly longestMs?: number;
};

/** The plan of the testkit's sample project. */
export const SAMPLE_PLAN = "# Mathematics\n\n- [ ] Add subtract to src/math.mjs, with a test\n";

/** Makes a repository with a plan of one task in `plan.md`, and commits it all. */
export function createTestRepository(options: RepositoryOptions = {}): TestRepository {
  const { project = { ...SAMPLE_PROJECT, "plan.md": SAMPLE_PLAN }, files = {}, name = "repository" } = options;
  const folder = mkdtempSync(join(tmpdir(), "cloister-cli-"));
  const root = join(folder, name);
  mkdirSync(root, { recursive: true });
  writeFiles(root, { ...project, ...files });
  const env = { ...createEnvironment(folder, options.identity ?? true), ...options.env };
  const git = (...args: readonly string[]): string => runGit(root, env, args);
  git("init", "--quiet", "--initial-branch=main");
  if (options.commit ?? true) commitAll(git);
  const start: TestRepository["start"] = (args, changes = {}) =>
    startCli(args, { ...changes, cwd: changes.cwd ?? root, env: { ...env, ...changes.env } });
  return {
    folder,
    root,
    env,
    git,
    start,
    run: (args, changes) => start(args, changes).ended,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Writes text by path below `folder`. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A home and state of its own; Node is this process's, first on PATH. */
function createEnvironment(folder: string, identity: boolean): Record<string, string> {
  const home = join(folder, "home");
  writeFiles(home, identity ? { ".gitconfig": "[user]\n\tname = Tester\n\temail = tester@localhost\n" } : {});
  mkdirSync(home, { recursive: true });
  return {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    HOME: home,
    CLOISTER_STATE_HOME: join(folder, "state"),
    // What is compiled or built once is shared by all tests.
    CLOISTER_CACHE_HOME: CACHE,
    GIT_CONFIG_NOSYSTEM: "1",
    LANG: "C.UTF-8",
  };
}

function commitAll(git: TestRepository["git"]): void {
  git("add", "--all");
  git("-c", "user.name=Tester", "-c", "user.email=tester@localhost", "commit", "--quiet", "--message=start");
}

/** Optional locks are off: looking must not write the index. */
function runGit(cwd: string, env: Readonly<Record<string, string>>, args: readonly string[]): string {
  return execFileSync("git", [...args], {
    cwd,
    env: { ...env, GIT_OPTIONAL_LOCKS: "0" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
