/**
 * Runs the agent of one iteration: starts its process, journals what it says, and says how it ended. It judges nothing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { assertNever, describeOverspend, excerpt, totalTokens, type AgentEvent } from "@cloister/core";
import type { LaunchRequest } from "../agents/port.ts";
import type { Visitor } from "../gateway/run-gateway.ts";
import { createEvidenceSink } from "../evidence/sink.ts";
import type { RunningProcess } from "../process/port.ts";
import { describeEnd } from "./agent-end.ts";
import type { AgentVoice } from "./agent-outcome.ts";
import type { Session } from "./session.ts";

/** How long an agent that said its last word may take to end. */
const FINISH_GRACE_MS = 2000;
/** How long an agent may go on that was told that its budget is spent: most end at once. */
const SPENT_GRACE_MS = 10_000;
/** Reported events beyond this many are not journaled one by one: a chatty agent must not fill the disk. */
const MOST_EVENTS = 5000;
const TAIL_BYTES = 8192;

/** Runs the agent with `prompt` in the open iteration, and records `agent_started`, `agent_reported` and `agent_ended`. */
export async function runAgent(session: Session, prompt: string, traceparent?: string): Promise<void> {
  const { open } = session.state;
  if (open === undefined) throw new Error("no iteration is open");
  const { agent, paths, telemetry } = session.parts;
  const { machine } = session;
  const folder = join(paths.iterations, String(open.iteration));
  const gateway = await session.gateway;
  let onStop: Visitor["onStop"] = () => undefined;
  const { task, iteration } = open;
  const trace = traceparent === undefined ? {} : { traceparent };
  const visit = gateway?.visit({ task, iteration, ...trace, onStop: (why) => onStop(why) });
  // A machine apart can't reach the user's collector: an agent would try without end.
  const watched = machine.isApart ? {} : telemetry.agentEnvironment(agent.name, trace);
  const env = { ...watched, ...visit?.env };
  const request = prepare(session, folder, prompt, env);
  const running = await start(session, request, iteration);
  onStop = (why) => running.finish(why === "budget" ? SPENT_GRACE_MS : 0);
  if (running.pid !== undefined) session.record({ type: "agent_started", iteration: open.iteration, pid: running.pid });
  const sink = createEvidenceSink(paths.evidence);
  const [voice, stderrTail, exit] = await Promise.all([
    listen(session, running, request, sink.write),
    collectTail(running.stderr, sink.write),
    running.exit,
  ]);
  await visit?.end();
  await machine.bringOut();
  if (visit !== undefined) noteBypass(session, voice);
  const ended = await describeEnd(session, { voice, stderrTail, exit });
  session.record({ ...ended, iteration: open.iteration, output: sink.finish() });
}

async function start(session: Session, request: LaunchRequest, iteration: number): Promise<RunningProcess> {
  const { machine } = session;
  const { workspace, limits } = session.state.charter;
  const { iterationTimeoutMs, idleTimeoutMs } = limits;
  const launch = session.parts.agent.launch(request);
  const files = Object.entries(launch.files ?? {});
  for (const [path, text] of files) writeLaunchFile(path, text);
  await machine.makeFolder(request.scratch);
  await machine.bringIn([request.promptFile, ...files.map(([path]) => path)]);
  return machine.startProcess({
    file: launch.file,
    args: launch.args,
    cwd: workspace,
    env: launch.env,
    stdin: launch.stdin === "prompt" ? { text: request.prompt } : launch.stdin,
    marker: session.marker(iteration),
    signal: session.stopping.signal,
    ...(iterationTimeoutMs === undefined ? {} : { timeoutMs: iterationTimeoutMs }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  });
}

function prepare(
  session: Session,
  folder: string,
  prompt: string,
  env: Readonly<Record<string, string>>,
): LaunchRequest {
  const { charter, open } = session.state;
  const scratch = join(folder, "scratch");
  mkdirSync(scratch, { recursive: true });
  const promptFile = join(folder, "prompt.md");
  writeFileSync(promptFile, prompt);
  const { command, model } = charter.agent;
  return {
    prompt,
    promptFile,
    workspace: charter.workspace,
    scratch,
    env: {
      ...session.machine.env,
      ...env,
      CLOISTER_RUN: charter.run,
      CLOISTER_TASK: open?.task ?? "",
      CLOISTER_ITERATION: String(open?.iteration ?? 0),
    },
    asRoot: session.machine.asRoot,
    ...(model === undefined ? {} : { model }),
    ...(command === undefined ? {} : { command }),
  };
}

/** Its own settings can send an agent elsewhere: then nothing was metered, and the budget holds by the agent's word alone. */
function noteBypass({ state, parts }: Session, { usage }: AgentVoice): void {
  if (state.open?.requests !== undefined || usage === undefined || totalTokens(usage.usage) === 0) return;
  parts.notify(
    `${parts.agent.title} went past the gateway: its cost is its own word. Look for an address or key in its own settings.`,
  );
}

function writeLaunchFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Follows the agent's events to their end. */
async function listen(
  session: Session,
  running: RunningProcess,
  request: LaunchRequest,
  keep: (chunk: Uint8Array) => void,
): Promise<AgentVoice> {
  const iteration = session.state.open?.iteration ?? 0;
  const voice: AgentVoice = { finalMessage: "" };
  const isStructured = session.parts.agent.capabilities.finalMessage === "structured";
  let count = 0;
  const io = {
    request,
    output: tee(running.stdout, keep),
    write: (text: string) => running.write(text),
    closeInput: () => running.closeInput(),
  };
  for await (const event of session.parts.agent.converse(io)) {
    follow(voice, event);
    count += 1;
    if (count <= MOST_EVENTS || event.type === "usage") session.report(iteration, clip(event));
    if (isStructured && (event.type === "finished" || event.type === "failed")) running.finish(FINISH_GRACE_MS);
    if (event.type === "usage") {
      session.flush();
      if (describeOverspend(session.state) !== undefined) running.stop("aborted");
    }
  }
  return voice;
}

function follow(voice: AgentVoice, event: AgentEvent): void {
  if (event.type === "message") voice.finalMessage = event.text;
  if (event.type === "failed") voice.failed = event;
  if (event.type === "usage") voice.usage = event;
  if (event.type === "session_started" && event.model !== undefined) voice.model = event.model;
  if (event.type !== "finished") return;
  voice.finished = event.ok;
  if (event.ok) delete voice.failed;
  if (event.text !== undefined && event.text.trim() !== "") voice.finalMessage = event.text;
}

/** What goes into the journal is bounded; the whole output is kept as evidence. */
function clip(event: AgentEvent): AgentEvent {
  switch (event.type) {
    case "message":
      return { ...event, text: excerpt(event.text, 4000) };
    case "thought":
      return { ...event, text: excerpt(event.text, 500) };
    case "tool_called":
    case "tool_finished":
      return { ...event, tool: event.tool.slice(0, 100), summary: excerpt(event.summary, 500) };
    case "retrying":
    case "failed":
      return { ...event, message: excerpt(event.message, 1000) };
    case "finished":
      return event.text === undefined ? event : { ...event, text: excerpt(event.text, 4000) };
    case "session_started":
    case "usage":
    case "unreadable":
      return event;
    default:
      return assertNever(event, "agent event");
  }
}

async function* tee(source: AsyncIterable<Uint8Array>, keep: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    keep(chunk);
    yield chunk;
  }
}

async function collectTail(source: AsyncIterable<Uint8Array>, keep: (chunk: Uint8Array) => void): Promise<string> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    keep(chunk);
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  }
  return tail.toString("utf8");
}
