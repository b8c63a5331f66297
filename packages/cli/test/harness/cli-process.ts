import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import { until } from "./until.ts";

const ENTRY = fileURLToPath(new URL("../../bin/cloister.js", import.meta.url));
/** No test's command takes longer, but where something is wrong: it is killed then. */
const LONGEST_MS = 240_000;

/** How a command ended, and what it printed. */
export type CliEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A `cloister` that was started. */
export interface CliProcess {
  readonly pid: number;
  /** What it printed to standard output so far. */
  readonly output: () => string;
  /** What it printed to standard error so far. */
  readonly notes: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Waits until it has printed an event of this type, with `--json`. */
  readonly hasPrinted: <Type extends RunEvent["type"]>(type: Type) => Promise<Extract<RunEvent, { type: Type }>>;
  readonly ended: Promise<CliEnd>;
}

/** Where and with what a command is run. */
export type CliSurroundings = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Killed after this time; for those that take longer than any other. */
  readonly longestMs?: number;
};

/** Starts `cloister` in a process of its own, with nothing on standard input. */
export function startCli(args: readonly string[], { cwd, env, longestMs = LONGEST_MS }: CliSurroundings): CliProcess {
  const child = spawn(process.execPath, [ENTRY, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (printed.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (printed.stderr += text));
  const { promise: ended, resolve } = Promise.withResolvers<CliEnd>();
  const timer = setTimeout(() => child.kill("SIGKILL"), longestMs);
  child.once("close", (code, signal) => {
    clearTimeout(timer);
    resolve({ code, signal, ...printed });
  });
  return {
    pid: child.pid ?? 0,
    output: () => printed.stdout,
    notes: () => printed.stderr,
    kill: (signal) => void child.kill(signal),
    hasPrinted: (type) => until(`cloister prints ${type}`, () => findEvent(printed.stdout, type)),
    ended,
  };
}

/** The events that `--json` printed, the run's end as the loop recorded it included. */
export function eventsOf({ stdout }: Pick<CliEnd, "stdout">): RunEvent[] {
  return linesOf(stdout)
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RunEvent);
}

/** The events of one type. */
export function eventsOfType<Type extends RunEvent["type"]>(
  end: Pick<CliEnd, "stdout">,
  type: Type,
): Extract<RunEvent, { type: Type }>[] {
  return eventsOf(end).filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
}

/** The last line of `--json`, which must be the run's end. */
export function summaryOf({ stdout, stderr }: CliEnd): RunSummary {
  const last = linesOf(stdout).at(-1);
  if (last === undefined) throw new Error(`Expected a run's end, found no output. Standard error: ${stderr}`);
  const summary = JSON.parse(last) as RunSummary;
  if (summary.type !== "run_ended") throw new Error(`Expected a run's end, found: ${last}`);
  return summary;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Looks at whole lines alone: the last one may still be on its way. */
function findEvent<Type extends RunEvent["type"]>(
  text: string,
  type: Type,
): Extract<RunEvent, { type: Type }> | undefined {
  const line = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .find((candidate) => candidate.includes(`"type":"${type}"`));
  return line === undefined ? undefined : (JSON.parse(line) as Extract<RunEvent, { type: Type }>);
}
