/** `cloister demo`: the whole job, offline: a sample repository, the builtin agent, and a scripted model that lies once. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig, quoteWord, startRun } from "@cloister/engine";
import { parseScript, startModelServer } from "@cloister/testkit";
import { presentRun } from "./commands/present-run.ts";
import type { Terminal } from "./terminal/terminal.ts";

const MODEL = "anthropic/claude-opus-5-5";

/** Runs the demo. @returns the run's exit code. */
export async function runDemo({ terminal, json }: { terminal: Terminal; json: boolean }): Promise<number> {
  const sample = sampleFolder();
  const folder = mkdtempSync(join(tmpdir(), "cloister-demo-"));
  const repository = join(folder, "text-tools");
  makeRepository(sample, repository);
  const script = parseScript(readFileSync(join(sample, "model-script.yaml"), "utf8"));
  await using server = await startModelServer({ script });
  if (!json)
    terminal.print(
      "A sample repository, a plan of three tasks, the builtin agent, and a scripted model in place of a real one.",
      "The model claims the second task falsely at first. Watch the gates send it back.",
      "",
    );
  const env = demoEnvironment(terminal.env, folder, server.url);
  const { values } = loadConfig({ repository, env, home: folder, flags: { agent: "builtin", model: MODEL } });
  const code = await presentRun(terminal, { json }, (hooks) =>
    startRun({
      folder: repository,
      env,
      config: values,
      plan: { file: join(repository, "plan.md") },
      gates: [],
      ...hooks,
    }),
  );
  if (!json) terminal.print("", ...nextSteps(repository));
  return code;
}

/** Beside the sources, and beside the bundle of the published package. */
function sampleFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [join(here, "..", "sample"), join(here, "sample")].find((path) => existsSync(path));
  if (found === undefined) throw new Error("the sample repository is not where it should be: reinstall Cloister");
  return found;
}

function makeRepository(sample: string, repository: string): void {
  cpSync(sample, repository, { recursive: true, filter: (path) => !path.endsWith("model-script.yaml") });
  const identity = ["-c", "user.name=Cloister demo", "-c", "user.email=demo@localhost"];
  const git = (...args: string[]): void =>
    void execFileSync("git", [...identity, ...args], { cwd: repository, stdio: "ignore" });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--no-verify", "--message", "A library of one function");
}

/** Nothing of the user's: no key, no configuration, a state folder of its own. The Node that runs this comes first on PATH. */
function demoEnvironment(env: Readonly<Record<string, string>>, folder: string, url: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${env["PATH"] ?? "/usr/bin:/bin"}`,
    HOME: folder,
    LANG: env["LANG"] ?? "C.UTF-8",
    CLOISTER_STATE_HOME: join(folder, "state"),
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "demo-no-secret",
  };
}

function nextSteps(repository: string): string[] {
  return [
    `Look around (cloister is ${quoteWord(join(dirname(fileURLToPath(import.meta.url)), "..", "bin", "cloister.js"))})`,
    `  cd ${quoteWord(repository)}`,
    "  cloister report          the report, every number with its evidence",
    "  cloister audit --journal the journal's hash chain",
    "  git log --all --graph    the commits, with what came of each",
    "",
    "Then, in a repository of yours",
    "  cloister agents          which coding agents are installed here",
    "  cloister init            a first plan.md and cloister.yaml",
    "  cloister run plan.md",
  ];
}
