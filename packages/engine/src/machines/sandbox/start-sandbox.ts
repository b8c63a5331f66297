import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Duplex } from "node:stream";
import type { GuestTransport } from "../guest/port.ts";
import { type AppliedLimits, type LimitBreach, stoppedByLimits, watchLimits } from "../limits/index.ts";
import { keepWords, toolFailed, toolMissing } from "../tool/run-tool.ts";
import { FILTER_DESCRIPTOR } from "./bubblewrap-arguments.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";

/** How long it gets to end by itself once its input has ended. */
const CLOSE_MS = 2000;

/** What to start. */
export type SandboxStart = {
  readonly argv: readonly string[];
  /** Environment of the processes outside: nothing of it is seen inside. */
  readonly env: Readonly<Record<string, string>>;
  /** File with the filter of system calls; undefined where the command takes none. */
  readonly filter?: string;
  readonly applied: AppliedLimits;
  /** The folder whose size is limited. */
  readonly disk: string;
  readonly diskMib: number;
};

/**
 * Starts a sandbox with a guest agent at the other end of its standard input and output. A sandbox that hits a limit is ended, and
 * the stream ends with CloisterError `machine_failed` whose `cause` is a {@link LimitBreach}.
 */
export function startSandbox(start: SandboxStart): GuestTransport {
  const child = spawnSandbox(start);
  const stream = toStream(child);
  stream.on("error", () => undefined); // Whoever reads it hears of it; nobody may be reading yet.
  const watch = watchLimits({
    applied: start.applied,
    disk: { folder: start.disk, diskMib: start.diskMib },
    onBreach: (breach) => stopFor(breach, child, stream),
  });
  const over = ended(child, start.argv[0] ?? "").then(async (failure) => {
    watch[Symbol.dispose]();
    // The kernel may have ended it for its memory before the watch looked.
    const breach = start.applied.breach();
    if (breach !== undefined) stopFor(breach, child, stream);
    else if (failure !== undefined) stream.destroy(failure);
    await start.applied.release();
  });
  return { stream, close: () => close(child, stream, over) };
}

function spawnSandbox({ argv, env, filter }: SandboxStart): ChildProcess {
  const [file = "", ...args] = argv;
  const blank = openSync("/dev/null", "r");
  const filterFile = filter === undefined ? undefined : openSync(filter, "r");
  try {
    const stdio: StdioOptions = ["pipe", "pipe", "pipe"];
    const taken = inheritedDescriptors();
    for (let descriptor = 3; descriptor <= Math.max(FILTER_DESCRIPTOR, ...taken); descriptor += 1)
      stdio.push(taken.includes(descriptor) ? blank : "ignore");
    if (filterFile !== undefined) stdio[FILTER_DESCRIPTOR] = filterFile;
    return spawn(file, args, { cwd: "/", env: { ...env }, detached: true, stdio });
  } finally {
    closeSync(blank);
    if (filterFile !== undefined) closeSync(filterFile);
  }
}

/** Settles when it has ended: with why, where that was no success. Never rejects. */
function ended(child: ChildProcess, file: string): Promise<Error | undefined> {
  const words = keepWords(child);
  return new Promise((resolve) => {
    child.once("error", (error) => child.pid === undefined && resolve(toolMissing(file, error)));
    child.once("close", (code, signal) => {
      resolve(code === 0 ? undefined : toolFailed("the sandbox", `it ended with ${code ?? signal}`, words()));
    });
  });
}

function toStream({ stdin, stdout }: ChildProcess): Duplex {
  if (stdin === null || stdout === null) throw new Error("A process that was started with pipes has none.");
  return Duplex.from({ writable: stdin, readable: stdout });
}

function stopFor(breach: LimitBreach, child: ChildProcess, stream: Duplex): void {
  child.kill("SIGKILL");
  stream.destroy(stoppedByLimits(breach));
}

async function close(child: ChildProcess, stream: Duplex, over: Promise<void>): Promise<void> {
  stream.destroy();
  const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
  await over;
  clearTimeout(timer);
}
