import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { createOutputBuffer } from "./output-buffer.ts";
import { type BuiltinTool, defineTool, type ToolContext } from "./tool.ts";

const DEFAULT_TIMEOUT_S = 120;
const MAX_TIMEOUT_S = 1800;
const MAX_OUTPUT_BYTES = 30_000;
/** How long output may go on after the command has ended, where something it left behind holds it open. */
const DRAIN_MS = 100;

/** Runs a command. */
export const shellTool: BuiltinTool = defineTool({
  description: `Runs a command with sh in the current folder and returns its output and exit status. It is killed after timeout_seconds (default ${DEFAULT_TIMEOUT_S}, at most ${MAX_TIMEOUT_S}). Its input is empty.`,
  input: z.object({
    command: z.string().min(1),
    timeout_seconds: z.number().positive().max(MAX_TIMEOUT_S).default(DEFAULT_TIMEOUT_S),
  }),
  describe: ({ command }) => command,
  run: ({ command, timeout_seconds: seconds }, context) => runCommand(command, seconds * 1000, context),
});

async function runCommand(command: string, timeoutMs: number, context: ToolContext): Promise<string> {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: context.workspace,
    env: context.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = createOutputBuffer(MAX_OUTPUT_BYTES);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output.append(chunk);
      context.onLife();
    });
  }
  const ending = await endOf(child, timeoutMs, context);
  return `${output.text()}\n[${ending}]`;
}

/** Waits for the end of `child` and says what it was. Whoever else holds its output open is not waited for. */
function endOf(child: ChildProcess, timeoutMs: number, { groups }: ToolContext): Promise<string> {
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      if (pid !== undefined) groups.signal(pid, "SIGKILL");
    }, timeoutMs);
    const closed = new Promise<void>((settle) => child.once("close", () => settle()));
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      const ending = timedOut ? `killed after ${timeoutMs / 1000} s` : describeExit(code, signal);
      void Promise.race([closed, delay(DRAIN_MS)]).then(() => resolve(ending));
    });
  });
}

function describeExit(code: number | null, signal: string | null): string {
  return code === null ? `ended by ${signal ?? "a signal"}` : `exit status ${code}`;
}
