import type { AgentEvent, AgentStatus } from "@cloister/core";
import { toProgram } from "../command-line.ts";
import { converseInNdjson } from "../converse.ts";
import type { AgentAdapter } from "../port.ts";
import { chooseModel } from "./choose-model.ts";
import { builtinEntry } from "./entry.ts";
import { readEvent } from "./wire.ts";

/** Cloister's own small agent, for who has a key of a model provider and no coding-agent CLI. */
export const builtinAgent: AgentAdapter = {
  name: "builtin",
  title: "Cloister's builtin agent",
  providers: ["anthropic", "openai", "gemini"],
  capabilities: {
    usage: true,
    cost: false,
    resume: false,
    steering: false,
    finalMessage: "structured",
    model: true,
    redirect: true,
  },
  limitations: [
    "It reports no cost: without the gateway, money is reckoned from tokens and a price table.",
    "It has five tools (read, write, edit, search, shell): no web access, no sub-agents.",
    "It starts anew each time: there is no session to resume.",
    "It takes no remarks while it runs: a remark reaches the next prompt.",
    "Its shell is not confined: run it in a sandbox or machine where the repository is not trusted.",
  ],
  async probe(env) {
    return describeChoice(env);
  },
  launch(request) {
    const model = request.model === undefined ? [] : ["--model", request.model];
    const program = toProgram(request, process.execPath, [builtinEntry(), ...model]);
    return { ...program, env: request.env, stdin: "prompt" };
  },
  converse: ({ output }) => converseInNdjson(output, { translate: (line) => toEvents(readEvent(line)) }),
};

function toEvents(event: AgentEvent | undefined): readonly AgentEvent[] {
  return event === undefined ? [] : [event];
}

function describeChoice(env: Readonly<Record<string, string>>): AgentStatus {
  const choice = chooseModel(env);
  const status = { installed: true, path: builtinEntry() };
  if ("problem" in choice) return { ...status, login: "logged_out", detail: choice.problem };
  return { ...status, login: "logged_in", detail: `A key is set: ${choice.provider}/${choice.model} would be used.` };
}
