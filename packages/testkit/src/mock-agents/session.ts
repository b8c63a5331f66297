import { randomUUID } from "node:crypto";
import { addTokens, NO_TOKENS, type TokenCounts } from "../token-counts.ts";

/** What a mock agent remembers of its session, for the words of its dialect. */
export type Session = {
  /** A UUID. */
  readonly id: string;
  readonly model: string;
  readonly workspace: string;
  /** Ms since the epoch. */
  readonly startedAt: number;
  usage: TokenCounts;
  costUsd: number;
  /** Messages and tool calls so far. */
  turns: number;
  toolCalls: number;
  /** The last message. */
  finalText: string;
};

/** A session that has just begun. */
export function createSession(model: string, workspace: string): Session {
  return {
    id: randomUUID(),
    model,
    workspace,
    startedAt: Date.now(),
    usage: NO_TOKENS,
    costUsd: 0,
    turns: 0,
    toolCalls: 0,
    finalText: "",
  };
}

/** Adds to what a session has used; `costUsd` in dollars. */
export function spend(session: Session, tokens: Partial<TokenCounts>, costUsd: number): void {
  session.usage = addTokens(session.usage, { ...NO_TOKENS, ...tokens });
  session.costUsd += costUsd;
}
