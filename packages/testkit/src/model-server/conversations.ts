import { createHash } from "node:crypto";
import type { PromptMatch, Script, ScriptedConversation, Turn } from "../script/script.ts";
import type { Fault } from "../script/fault.ts";
import type { ModelRequest } from "./wires/wire.ts";

/** How many calls and prompts are remembered at once: far more than are ever under way. */
const MAX_REMEMBERED = 10_000;

/** One conversation under way: an iteration of a loop, as the model sees it. */
export type Conversation = {
  /** From 1, in order of their first request. */
  readonly number: number;
  /** The scripted conversation that is played; undefined where none fits the prompt. */
  readonly script?: ScriptedConversation;
  /** How many conversations with such a prompt there have been, this one included. */
  readonly attempt: number;
  /** Whether its first answer was sent: until then, the same request again is a retry. */
  begun: boolean;
  /** How often each turn's fault was given, by turn index. */
  readonly faults: Map<number, number>;
};

/** Where a request stands in the script. */
export type Placement = {
  readonly conversation: Conversation;
  /** Tool results so far. */
  readonly step: number;
  /** Index of the turn to play, from 0. */
  readonly index: number;
  /** Undefined after the last turn. */
  readonly turn?: Turn;
};

/** Knows which conversation each request belongs to. */
export interface Conversations {
  /** Finds the conversation of a request, or begins one. `session` tells clients apart that send the same prompt. */
  place(request: ModelRequest, session: string): Placement;
  /** Remembers the id of a tool call, by which its result is known again. */
  rememberCall(id: string, conversation: Conversation): void;
}

/** Follows the conversations that `script` is for. */
export function createConversations(script: Script): Conversations {
  const byCall = new Map<string, Conversation>();
  const latest = new Map<string, Conversation>();
  const fitting = new Map<ScriptedConversation, number>();
  let count = 0;

  const begin = (key: string, prompt: string): Conversation => {
    const { chosen, attempt } = choose(script.conversations, prompt, fitting);
    count += 1;
    const conversation = { number: count, attempt, begun: false, faults: new Map<number, number>() };
    const begun: Conversation = chosen === undefined ? conversation : { ...conversation, script: chosen };
    remember(latest, key, begun);
    return begun;
  };

  const find = (request: ModelRequest, key: string): Conversation | undefined => {
    const known = request.results.map(({ callId }) => byCall.get(callId ?? "")).find((found) => found !== undefined);
    if (known !== undefined) return known;
    const last = latest.get(key);
    return request.answered || last?.begun === false ? last : undefined;
  };

  return {
    place: (request, session) => {
      const key = createHash("sha256").update(`${session}\n${request.prompt}`).digest("base64");
      const conversation = find(request, key) ?? begin(key, request.prompt);
      const step = request.results.length;
      const turns = conversation.script?.turns ?? [];
      const index = turnIndex(turns, step);
      const turn = turns[index];
      return { conversation, step, index, ...(turn === undefined ? {} : { turn }) };
    },
    rememberCall: (id, conversation) => remember(byCall, id, conversation),
  };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  const oldest = map.keys().next();
  if (map.size >= MAX_REMEMBERED && oldest.done !== true) map.delete(oldest.value);
  map.set(key, value);
}

/** The fault that a turn still has to give, counted as given. */
export function takeFault({ conversation, index, turn }: Placement): Fault | undefined {
  const fault = turn?.fault;
  const given = conversation.faults.get(index) ?? 0;
  if (fault === undefined || (fault.times !== "always" && given >= fault.times)) return undefined;
  conversation.faults.set(index, given + 1);
  return fault;
}

/** The first turn whose tool calls have not all been answered: a turn of two calls is over after two results. */
function turnIndex(turns: readonly Turn[], step: number): number {
  let before = 0;
  for (const [index, turn] of turns.entries()) {
    if (before >= step) return index;
    before += turn.calls.length;
  }
  return turns.length;
}

function choose(
  conversations: readonly ScriptedConversation[],
  prompt: string,
  fitting: Map<ScriptedConversation, number>,
): { readonly chosen?: ScriptedConversation; readonly attempt: number } {
  const candidates = conversations.filter(({ match }) => match === undefined || fits(prompt, match));
  for (const candidate of candidates) fitting.set(candidate, (fitting.get(candidate) ?? 0) + 1);
  const chosen = candidates.find((one) => one.attempt === undefined || one.attempt === fitting.get(one));
  return chosen === undefined ? { attempt: 1 } : { chosen, attempt: fitting.get(chosen) ?? 1 };
}

function fits(prompt: string, match: PromptMatch): boolean {
  return typeof match === "string" ? prompt.includes(match) : new RegExp(match.pattern, "m").test(prompt);
}
