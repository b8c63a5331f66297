import { randomUUID } from "node:crypto";
import type { ScriptedUsage, Script, Turn } from "../script/script.ts";
import type { TokenCounts } from "../token-counts.ts";
import type { Placement } from "./conversations.ts";
import { sampleOfSchema } from "./schema-sample.ts";
import { translateCall } from "./tool-translation.ts";
import type { Answer, ModelRequest, ToolUse, Wire } from "./wires/wire.ts";

/** What is answered where no conversation of the script fits the prompt. Claims nothing. */
const UNSCRIPTED = "The script has no conversation that fits this prompt.";
/** What is answered where a turn's calls cannot be made. Claims nothing. */
const UNCALLABLE = "The request offers no tool that could do what the script says.";

/** What goes into an answer. */
export type Composition = {
  readonly script: Script;
  readonly wire: Wire;
  readonly request: ModelRequest;
  readonly placement: Placement;
  /** The agent's working directory, where the request tells it. */
  readonly workspace?: string;
};

/** The answer to a request that is the agent's work: the turn that it stands at, or the end of the conversation. */
export function composeAnswer({ script, wire, request, placement, workspace }: Composition): Answer {
  const { conversation, step, turn } = placement;
  const calls = turn?.calls.map((call) => translateCall(call, request.tools, workspace)) ?? [];
  const callable = calls.filter((call) => call !== undefined);
  const text = callable.length < calls.length ? UNCALLABLE : textOf(turn, conversation.script?.final ?? script.final);
  return {
    ...head(request),
    ...(turn?.thinking === undefined ? {} : { thinking: turn.thinking }),
    ...(conversation.script === undefined ? { text: UNSCRIPTED } : text === undefined ? {} : { text }),
    calls: callable.length < calls.length ? [] : callable.map((call): ToolUse => ({ id: callId(wire), ...call })),
    usage: usageOf(wire, step, [script.usage, turn?.usage]),
  };
}

/** The harmless answer to a request that is not the agent's work: `ok`, or the plainest JSON of the shape that is asked for. */
export function composeSideAnswer(wire: Wire, request: ModelRequest): Answer {
  const { answerSchema } = request;
  const text = answerSchema === undefined ? "ok" : JSON.stringify(sampleOfSchema(answerSchema));
  return { ...head(request), text, calls: [], usage: usageOf(wire, request.results.length, []) };
}

/** A turn with calls may say nothing; one without says the final answer, unless it has a text of its own. */
function textOf(turn: Turn | undefined, final: string): string | undefined {
  if (turn?.text !== undefined) return turn.text;
  return turn === undefined || turn.calls.length === 0 ? final : undefined;
}

function head({ model }: ModelRequest): Pick<Answer, "id" | "model" | "createdAt"> {
  return { id: randomUUID().replaceAll("-", ""), model, createdAt: Math.floor(Date.now() / 1000) };
}

function callId(wire: Wire): string {
  const unique = randomUUID().replaceAll("-", "").slice(0, 24);
  return wire.name === "anthropic" ? `toolu_${unique}` : `call_${unique}`;
}

function usageOf(wire: Wire, step: number, scripted: readonly (ScriptedUsage | undefined)[]): TokenCounts {
  const usage: TokenCounts = Object.assign({}, wire.defaultUsage(step), ...scripted);
  return wire.toSayableUsage({ ...usage, reasoning: Math.min(usage.reasoning, usage.output) });
}
