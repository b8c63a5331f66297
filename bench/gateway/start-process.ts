/** Processes that take part in the gateway's bench, and what they cost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";

/** A process that runs until it is disposed of. */
export type Started = AsyncDisposable & {
  readonly pid: number;
  /** The first line that it printed. */
  readonly firstLine: string;
};

/** What Linux counts processor time in (`getconf CLK_TCK`), on every platform that Node supports. */
const TICKS_PER_SECOND = 100;

/** Starts Node with `args`, and waits until it says something. */
export async function startNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const child = spawn(process.execPath, [...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const firstLine = await readFirstLine(child, args);
  child.stdout?.resume();
  return { pid: child.pid ?? 0, firstLine, [Symbol.asyncDispose]: () => end(child) };
}

async function readFirstLine({ stdout }: ChildProcess, args: readonly string[]): Promise<string> {
  if (stdout !== null) for await (const line of createInterface({ input: stdout })) return line;
  throw new Error(`${args.join(" ")} said nothing.`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Tells whoever started this process where it listens. */
export function reportPort(server: Server): void {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
}

/** Processor time that a process has used since its start, all of its threads together, in ms. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name, in parentheses, may hold anything; after it, user and system time are fields 12 and 13.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}
