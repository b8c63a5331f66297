/** Runs the `cloister` program as a user would: a process of its own, its output in a file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPeak } from "./peak-memory.ts";
import type { Sandbox } from "./sandbox.ts";

/** A line of `--json` output that is an event. */
export type PrintedEvent = { readonly position: number; readonly time: number; readonly type: string };

/** What a process did. */
export type Ran = {
  /** ms since the epoch, right before it was started. */
  readonly startedAt: number;
  readonly output: string;
  /** The most memory that it ever held, in MB. */
  readonly peakMemory: number;
};

/** A way in which Cloister is installed. */
export type Edition = { readonly name: string; readonly entry: string };

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE: Edition = { name: "source", entry: join(ROOT, "packages", "cli", "src", "main.ts") };
/** The published package: what users run, and what targets are about. `npm run bench` builds it first. */
export const BUILT: Edition = { name: "built", entry: join(ROOT, "dist", "package", "dist", "main.js") };
/** Often enough that the last reading is taken right before the end. */
const LOOK_MS = 10;

if (!existsSync(BUILT.entry)) throw new Error("Expected the built package: start the bench with `npm run bench`.");

/** As users have it, and from source. */
export const EDITIONS: readonly Edition[] = [BUILT, SOURCE];

/** Runs `cloister` with `args` in the sandbox's repository, as built unless told otherwise. */
export function runCloister(sandbox: Sandbox, args: readonly string[], edition: Edition = BUILT): Promise<Ran> {
  return runNode(sandbox, [edition.entry, ...args, "--json"]);
}

/** The `run` command line for `agentCommand`, ended by its number of iterations. */
export function runArguments(agentCommand: string, iterations: number, agent: string = "command"): string[] {
  return ["run", "plan.md", "--agent", agent, "--agent-command", agentCommand, "--max-iterations", `${iterations}`];
}

/** The events among the lines that Cloister printed. */
export function printedEvents({ output }: Ran): PrintedEvent[] {
  const lines = output.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as PrintedEvent).filter(({ position }) => position !== undefined);
}

/** Runs Node with `args` to its end, and watches how much memory it holds. */
export async function runNode({ folder, root, env }: Sandbox, args: readonly string[]): Promise<Ran> {
  const [printed, said] = [join(folder, "printed"), join(folder, "said")];
  const files = [openSync(printed, "w"), openSync(said, "w")] as const;
  const startedAt = Date.now();
  const child = spawn(process.execPath, [...args], { cwd: root, env, stdio: ["ignore", ...files] });
  const ended = once(child, "exit");
  let peakMemory = 0;
  const look = setInterval(() => (peakMemory = Math.max(peakMemory, readPeak(child.pid))), LOOK_MS);
  await ended;
  clearInterval(look);
  for (const file of files) closeSync(file);
  // Cloister ends with 3 at its iteration limit, bare programs with 0.
  if (child.exitCode !== 0 && child.exitCode !== 3)
    throw new Error(`${args.join(" ")} ended with ${child.exitCode}: ${readFileSync(said, "utf8").slice(-2000)}`);
  return { startedAt, output: readFileSync(printed, "utf8"), peakMemory };
}
