import type { AgentEvent, AgentStatus } from "@cloister/core";
import { splitCommandLine } from "../command-line.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter, AgentIo } from "../port.ts";
import { findProgram } from "../probe-program.ts";
import { createEventQueue } from "./event-queue.ts";
import { holdSession } from "./session.ts";

const EXAMPLE = `--agent-command "gemini --acp"`;
const NO_COMMAND = `The acp agent needs the command line of a program that speaks the Agent Client Protocol: ${EXAMPLE}.`;

/** Any agent that speaks version 1 of the Agent Client Protocol on its standard input and output. */
export const acpAgent: AgentAdapter = {
  name: "acp",
  title: "Agent Client Protocol",
  providers: ["anthropic", "openai", "gemini"],
  capabilities: {
    usage: true,
    cost: true,
    resume: false,
    steering: false,
    finalMessage: "structured",
    model: false,
    redirect: false,
  },
  limitations: [
    `It runs the program that you name, such as ${EXAMPLE}.`,
    "Tokens and cost are known only where that program reports them; the protocol does not oblige it to.",
    "The protocol has no stable way to choose a model: name it in the program's own arguments or settings.",
    "It begins a new session each time: none is resumed.",
    "It takes no remarks while it runs: a remark reaches the next prompt.",
    "Whether it can be sent to another model endpoint is up to the program.",
  ],
  async probe(env, command): Promise<AgentStatus> {
    const [program] = splitCommandLine(command ?? "");
    if (program === undefined) return { installed: false, login: "unknown", detail: NO_COMMAND };
    const path = findProgram(program, env);
    if (path === undefined) {
      return { installed: false, login: "unknown", detail: `${program} is not on PATH. Check --agent-command.` };
    }
    return {
      installed: true,
      path,
      login: "unknown",
      detail: "The agent says whether it is logged in when a session begins.",
    };
  },
  launch({ command, env }) {
    const [file, ...args] = splitCommandLine(command ?? "");
    if (file !== undefined) return { file, args, env, stdin: "open" };
    return { file: "/bin/sh", args: ["-c", 'echo "$0" >&2; exit 127', NO_COMMAND], env, stdin: "empty" };
  },
  converse,
  classify: classifyStderr,
};

async function* converse(io: AgentIo): AsyncGenerator<AgentEvent, void, void> {
  const events = createEventQueue<AgentEvent>();
  void holdSession(io, events);
  yield* events.values();
}
