import type { Fault } from "./fault.ts";
import type { ScriptedToolCall } from "./tool-call.ts";

/** Tokens by kind that a turn says it used; what is left out keeps the default of the wire. Integers ≥ 0. */
export type ScriptedUsage = {
  readonly input?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly output?: number;
  readonly reasoning?: number;
};

/** Waits of an answer, in milliseconds. */
export type ScriptedDelay = {
  /** Before the first byte. */
  readonly firstByteMs: number;
  /** Between two chunks of the stream. */
  readonly betweenChunksMs: number;
};

/** One answer of the model: what it thinks, says and calls, what that costs, and what goes wrong first. */
export type Turn = {
  /** An Anthropic thinking block, a Responses reasoning item, `reasoning_content` in Chat Completions, a thought in Gemini. */
  readonly thinking?: string;
  readonly text?: string;
  /** Without one, the turn ends the conversation. */
  readonly calls: readonly ScriptedToolCall[];
  readonly usage?: ScriptedUsage;
  readonly delay?: ScriptedDelay;
  readonly fault?: Fault;
};

/** Which prompts a conversation is for: those that hold a text, or that fit a regular expression (`m` is on). */
export type PromptMatch = string | { readonly pattern: string };

/** The turns of one conversation, and which conversations they are for. */
export type ScriptedConversation = {
  /** For people and request records. */
  readonly name?: string;
  /** Without it, every prompt fits. */
  readonly match?: PromptMatch;
  /** Only the n-th conversation (from 1) whose prompt fits `match`. Without it, all of them. */
  readonly attempt?: number;
  readonly turns: readonly Turn[];
  /** The answer after the last turn; the script's `final` where it is left out. */
  readonly final?: string;
};

/**
 * What a scripted model answers: conversations, tried in order; the first that fits a prompt is played.
 * One iteration of a loop is one conversation.
 */
export type Script = {
  readonly conversations: readonly ScriptedConversation[];
  /** What the model says once all turns are played. */
  readonly final: string;
  /** Tokens of every turn that names none of its own. */
  readonly usage?: ScriptedUsage;
  /** Waits of every turn that names none of its own. */
  readonly delay?: ScriptedDelay;
};
