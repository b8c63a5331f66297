import type { AgentEvent } from "@cloister/core";
import { type ProcessExit, startProcess } from "../../process/index.ts";
import type { AgentAdapter, LaunchRequest } from "../port.ts";

/** What an agent's process said, and how it ended. */
export type AgentRunRecord = {
  readonly events: readonly AgentEvent[];
  readonly exit: ProcessExit;
  readonly stderr: string;
};

/** How long an agent of a test may take, and how long it gets to end after its last word. */
const TIME_LIMIT_MS = 30_000;
const GRACE_MS = 2000;

let runs = 0;

/** Runs a real agent process as the engine does: launch, converse, grace, sweep. For tests. */
export async function runAgentProcess(
  adapter: AgentAdapter,
  request: LaunchRequest,
  signal?: AbortSignal,
): Promise<AgentRunRecord> {
  const launch = adapter.launch(request);
  const started = startProcess({
    file: launch.file,
    args: launch.args,
    env: launch.env,
    cwd: request.workspace,
    stdin: launch.stdin === "prompt" ? { text: request.prompt } : launch.stdin,
    marker: `agent-test-${process.pid}-${++runs}:`,
    timeoutMs: TIME_LIMIT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  const stderr = Array.fromAsync(started.stderr);
  const io = {
    request,
    output: started.stdout,
    write: (text: string) => started.write(text),
    closeInput: () => started.closeInput(),
  };
  const events = await Array.fromAsync(adapter.converse(io));
  started.finish(GRACE_MS);
  const exit = await started.exit;
  return { events, exit, stderr: Buffer.concat(await stderr).toString("utf8") };
}
