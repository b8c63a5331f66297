import type { JsonObject } from "../../model-server/json.ts";
import type { ToldFailure } from "../failure-texts.ts";
import type { Session } from "../session.ts";

/** The agents that a mock can stand for. */
export const MOCK_AGENT_NAMES = [
  "claude",
  "codex",
  "gemini",
  "opencode",
  "copilot",
  "qwen",
  "kiro",
  "command",
] as const;
export type MockAgentName = (typeof MOCK_AGENT_NAMES)[number];

/** A piece of output: a line of JSON, a text as it is, or a line on standard error. */
export type Output = { readonly json: JsonObject } | { readonly text: string } | { readonly stderr: string };

/** A tool call that a mock agent tells of. */
export type ToldCall = {
  readonly id: string;
  /** `shell` is put into the agent's own name for it. */
  readonly tool: string;
  readonly input: JsonObject;
};

/** What came of a tool call. */
export type ToldResult = { readonly output: string; readonly exitCode: number };

/** How one agent says things. Contract: pure but for ids and the clock; the session is only read. */
export interface Dialect {
  /** What `--version` prints. */
  readonly version: string;
  /** The model that it says it uses. */
  readonly model: string;
  open(session: Session): readonly Output[];
  message(session: Session, text: string): readonly Output[];
  thought(session: Session, text: string): readonly Output[];
  /** The call, before it runs. */
  call(session: Session, call: ToldCall): readonly Output[];
  result(session: Session, call: ToldCall, result: ToldResult): readonly Output[];
  retry(session: Session, failure: ToldFailure, delayMs: number): readonly Output[];
  fail(session: Session, failure: ToldFailure): readonly Output[];
  /** The exit status of a failure. */
  exitCode(failure: ToldFailure): number;
  finish(session: Session): readonly Output[];
}
