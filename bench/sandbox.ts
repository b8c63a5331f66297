/** A git repository, a home and a state folder of their own, in a temporary folder that goes when all is measured. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The place where a scenario runs. */
export type Sandbox = {
  readonly folder: string;
  /** The repository's root. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where agents write when they were started; see {@link takeStarts}. */
  readonly starts: string;
} & Disposable;

/** No limit on standing still: what is measured are iterations that change nothing. */
const CONFIGURATION = `gates: { trivial: "true" }
stall: { unchanged: 1000000, sameFailure: 1000000, sameDiff: 1000000, rollBackAfter: 0 }
`;

/** A few dozen files, so that git has something to look at. */
const FILES = 50;

/** Makes the repository and commits its files. */
export function createSandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  const root = join(folder, "repository");
  const home = join(folder, "home");
  mkdirSync(join(root, "src"), { recursive: true });
  mkdirSync(home);
  writeFileSync(join(home, ".gitconfig"), "[user]\n\tname = Bench\n\temail = bench@localhost\n");
  writeFileSync(join(root, "plan.md"), "# Plan\n\n- [ ] Do the work\n");
  writeFileSync(join(root, "cloister.yaml"), CONFIGURATION);
  for (let index = 0; index < FILES; index += 1)
    writeFileSync(join(root, "src", `file-${index}.txt`), `line of file ${index}\n`.repeat(40));
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    HOME: home,
    CLOISTER_STATE_HOME: join(folder, "state"),
    LANG: "C.UTF-8",
  };
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    ["commit", "-q", "-m", "start"],
  ])
    execFileSync("git", args, { cwd: root, env });
  const dispose = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return { folder, root, env, starts: join(folder, "starts"), [Symbol.dispose]: dispose };
}

/** When agents were started since the last call, in ms since the epoch (fractions included), in order. */
export function takeStarts({ starts }: Sandbox): number[] {
  const lines = readFileSync(starts, "utf8").trim().split("\n");
  rmSync(starts);
  return lines.map((nanoseconds) => Number(BigInt(nanoseconds) / 1000n) / 1000);
}

/** Times from each start to the next. */
export function intervals(starts: readonly number[]): number[] {
  return starts.slice(1).map((start, index) => start - (starts[index] ?? start));
}
