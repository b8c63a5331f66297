/** Runs one machine, as a process of its own, with its serial console on standard input and output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type MachineTimes, type Meter, readConsoleTimes } from "./console-times.ts";

/** A machine's process. */
export type Command = {
  readonly file: string;
  readonly args: readonly string[];
  /** What is typed on its console. Left out: nothing. */
  readonly input?: string;
  /** Its process goes on when the guest has powered off. */
  readonly staysOn?: boolean;
};

const TIME_LIMIT_MS = 300_000;
/** How long a machine may take to power off. */
const POWER_OFF_MS = 20_000;
/** Of `utime` and `stime`, in s: what Linux calls USER_HZ, 100 wherever Node runs. */
const TICK = 0.01;

/** Boots a machine and takes the times of its workloads. Resolves when its process has ended. */
export async function runMachine({ file, args, input = "", staysOn = false }: Command): Promise<MachineTimes> {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "exit");
  child.stdin.on("error", () => undefined); // It ended without reading what was typed: then it says less, which is looked at below.
  child.stdin.write(input);
  const meter: Meter = () => ({
    seconds: (performance.now() - startedAt) / 1000,
    processorSeconds: readProcessorSeconds(child.pid),
  });
  try {
    // Its output stays open: what it says as it powers off must find a reader.
    const times = await readConsoleTimes(child.stdout.iterator({ destroyOnReturn: false }), meter);
    child.stdout.resume();
    if (!staysOn) await Promise.race([ended, delay(POWER_OFF_MS, undefined, { ref: false })]);
    return times;
  } catch (cause) {
    await Promise.race([ended, delay(POWER_OFF_MS, undefined, { ref: false })]);
    const how = child.exitCode ?? child.signalCode ?? "neither exit code nor signal";
    throw new Error(`${file} ${args.join(" ")} ended with ${how}.`, { cause });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** Runs a machine to its end. @returns what its console said */
export async function runToEnd({ file, args }: Command): Promise<string> {
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "exit");
  const said = await Array.fromAsync<Buffer>(child.stdout);
  const [code] = await ended;
  if (code === 0) return Buffer.concat(said).toString("latin1");
  throw new Error(`${file} ${args.join(" ")} ended with ${String(code)}.`);
}

/** The time that all threads of a process have had, in s (proc_pid_stat(5)); NaN where it is gone. */
function readProcessorSeconds(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK;
  } catch {
    return Number.NaN;
  }
}
