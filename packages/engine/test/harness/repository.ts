import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeSampleProject } from "@cloister/testkit";

/** A git repository with the sample project, in a folder of its own that holds everything the run makes. */
export type TestRepository = {
  /** Holds the repository, the state folder and the home folder. */
  readonly folder: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs git in `root` (or in another folder) and gives what it printed, trimmed. */
  readonly git: (args: readonly string[], folder?: string) => string;
} & Disposable;

/** Makes the repository with `files` on top of the sample project, and commits it all. */
export async function createTestRepository(files: Readonly<Record<string, string>> = {}): Promise<TestRepository> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-test-"));
  const root = join(folder, "repository");
  await writeSampleProject(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const env = testEnvironment(folder);
  const git = (args: readonly string[], at: string = root): string =>
    execFileSync("git", [...args], { cwd: at, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  git(["init", "-q", "-b", "main"]);
  git(["add", "-A"]);
  git(["commit", "-q", "-m", "start"]);
  return {
    folder,
    root,
    env,
    git,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** An environment with a home and state of its own; Node is this process's, first on PATH. */
function testEnvironment(folder: string): Record<string, string> {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, ".gitconfig"), "[user]\n\tname = Tester\n\temail = tester@localhost\n");
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? "/usr/bin:/bin"}`,
    HOME: home,
    CLOISTER_STATE_HOME: join(folder, "state"),
    TMPDIR: folder,
    LANG: "C.UTF-8",
  };
}
