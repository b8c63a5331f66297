/** The process of a virtual machine: one for each, in a session of its own, that outlives the one that started it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { processTable } from "../../process/process-table.ts";
import type { MachineState } from "../port.ts";
import { readRecord, writeRecord } from "../tool/index.ts";

const FILE = "process.json";
const LOG_BYTES = 1500;
const GONE_MS = 5000;
/** What has stopped answering as it ends is gone within this, in ms. */
const ENDING_MS = 1000;
const POLL_MS = 3;
/** In characters: machines have some thousands. */
const MOST_WORDS = 16 * 1024;
/** Places in /proc/PID/stat counted from the state, which follows the name: proc_pid_stat(5). */
const [THREADS, START] = [17, 19];

/** A process, by number and start: numbers are used again. */
export type MachineProcess = { readonly pid: number; readonly start: string };

const processSchema: z.ZodType<MachineProcess> = z.object({ pid: z.int().positive(), start: z.string() });

/** What is started. */
export type Launch = {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Name of the file in the folder for what it says; written anew. */
  readonly log: string;
};

/** Starts a process in a machine's folder, and remembers it. @throws CloisterError `machine_failed` where it can't be started */
export async function startProcess({ argv, folder, env, log: logName }: Launch): Promise<MachineProcess> {
  const [program = "", ...args] = argv;
  const log = openSync(join(folder, logName), "w", 0o600);
  // Its sockets and files are its user's alone.
  const mask = process.umask(0o077);
  const child = spawn(program, args, { cwd: folder, env: { ...env }, detached: true, stdio: ["ignore", log, log] });
  process.umask(mask);
  closeSync(log);
  try {
    await once(child, "spawn");
  } catch (cause: unknown) {
    throw new CloisterError({
      code: "machine_failed",
      message: `${program} could not be started: ${String(cause)}.`,
      cause,
    });
  }
  child.unref();
  const started = { pid: child.pid ?? 0, start: processTable.find(child.pid ?? 0)?.start ?? "" };
  writeRecord(folder, FILE, started);
  return started;
}

/** The living process that was remembered for a machine. */
export function findProcess(folder: string): MachineProcess | undefined {
  const known = readRecord(folder, FILE, processSchema);
  return known !== undefined && isLiving(known) ? known : undefined;
}

/**
 * Asks a machine's process in which state the machine is.
 * @param folder of the machine @param ask throws where the process does not answer
 * @returns `stopped` where there is none, and where it ends in place of an answer: who had it end may have been killed since
 */
export async function stateOfProcess(folder: string, ask: () => Promise<MachineState>): Promise<MachineState> {
  const running = findProcess(folder);
  if (running === undefined) return "stopped";
  try {
    return await ask();
  } catch (error: unknown) {
    if (await haveGone([running], ENDING_MS)) return "stopped";
    throw error;
  }
}

/** The error of what needs a running machine. */
export function notRunning({ id }: { readonly id: string }): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Machine ${id} does not run.`,
    remedy: "Start it first.",
  });
}

/** Tells whether that very process lives. */
export function isLiving({ pid, start }: MachineProcess): boolean {
  return processTable.find(pid)?.start === start;
}

/**
 * Tells whether nothing of that process is left. Its first thread may have ended, which makes it look dead, while others still hold
 * its disk and its sockets.
 */
function isGone(known: MachineProcess): boolean {
  if (isLiving(known)) return false;
  if (process.platform !== "linux") return true;
  const fields = readProcFile(known.pid, "stat").split(") ").at(-1)?.split(" ") ?? [];
  return fields[START] !== known.start || fields[THREADS] === "1";
}

/** Kills processes for sure, and waits until they are gone. @throws CloisterError `machine_failed` where one stays */
export async function killProcesses(processes: readonly MachineProcess[]): Promise<void> {
  for (const { pid } of processes.filter(isLiving)) signal(pid);
  if (await haveGone(processes, GONE_MS)) return;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected the processes ${processes.map(({ pid }) => pid).join(", ")} to end when killed, but they live.`,
  });
}

/** Waits until processes are gone. @returns false where they live still when the time is over */
export async function haveGone(processes: readonly MachineProcess[], limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!processes.every(isGone)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** A machine's process as the system's table shows it. */
export type FoundMachine = MachineProcess & {
  readonly id: string;
  /** Of the machine. */
  readonly folder: string;
};

/** What a process or a guest said, for an error message. @param file its log, in the machine's folder */
export function lastWords(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), "utf8")
      .slice(-LOG_BYTES)
      .replaceAll(/[^\P{Cc}\n]/gu, "")
      .trim();
  } catch {
    return ""; // It said nothing.
  }
}

/**
 * The processes of this host whose command line `read` makes something of, with what it makes: some ms.
 * @param read takes the words of a command line, with spaces between, 16 KiB of them at most: anybody may have written them
 */
export function findByWords<Found extends object>(
  read: (words: string) => Found | undefined,
): readonly (Found & MachineProcess)[] {
  return commandLines().flatMap(({ pid, words }) => {
    const found = read(words.slice(0, MOST_WORDS));
    const start = found === undefined ? undefined : processTable.find(pid)?.start;
    return found === undefined || start === undefined ? [] : [{ ...found, pid, start }];
  });
}

type CommandWords = { readonly pid: number; readonly words: string };

function commandLines(): readonly CommandWords[] {
  if (process.platform !== "linux") return psCommandLines();
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.map((pid) => ({ pid, words: readProcFile(pid, "cmdline").replaceAll("\0", " ") }));
}

function readProcFile(pid: number, name: "cmdline" | "stat"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}

function psCommandLines(): readonly CommandWords[] {
  const table = execFileSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return table.split("\n").map((line) => ({ pid: Number.parseInt(line, 10), words: `${line} ` }));
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended between the look and the signal.
  }
}
