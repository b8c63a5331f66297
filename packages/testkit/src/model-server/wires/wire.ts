import type { TokenCounts } from "../../token-counts.ts";
import type { JsonObject } from "../json.ts";

/** The formats that the server speaks. */
export type WireName = "anthropic" | "responses" | "chat" | "gemini";

/** A tool that a request offers to the model. */
export type OfferedTool = {
  readonly name: string;
  /** Responses groups tools in namespaces. */
  readonly namespace?: string;
  /** Takes any text (Responses' custom tools) rather than JSON. */
  readonly freeform: boolean;
  /** The JSON Schema of its input; empty where there is none. */
  readonly schema: JsonObject;
};

/** A tool's result in a request's history. */
export type ToolResult = {
  /** The call that it answers, where the wire says so. */
  readonly callId?: string;
  readonly text: string;
};

/** What a path asks for. Gemini says model and streaming in the path. */
export type Route = { readonly kind: "generate" | "count"; readonly model?: string; readonly stream?: boolean };

/** A request to the model, read from any wire. */
export type ModelRequest = {
  readonly kind: Route["kind"];
  readonly model: string;
  readonly stream: boolean;
  readonly tools: readonly OfferedTool[];
  /** What the user said before the model's first answer. */
  readonly prompt: string;
  /** Whether the history holds an answer of the model. */
  readonly answered: boolean;
  readonly results: readonly ToolResult[];
  /** What tells one session of the same client from another, where its body says so. */
  readonly session?: string;
  /** The JSON Schema that the answer must fit, where JSON is asked for (empty: any JSON). */
  readonly answerSchema?: JsonObject;
};

/** A tool call of an answer. `input` is a text for freeform tools. */
export type ToolUse = { readonly id: string; readonly tool: OfferedTool; readonly input: JsonObject | string };

/** An answer of the model, before a wire puts it into its format. */
export type Answer = {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly thinking?: string;
  readonly text?: string;
  readonly calls: readonly ToolUse[];
  readonly usage: TokenCounts;
};

/** An error to put into a provider's shape. */
export type WireError = { readonly status: number; readonly message: string; readonly retryAfterSeconds?: number };

/** One provider's format. Contract: pure; no method throws on any body. */
export interface Wire {
  readonly name: WireName;
  /** The status of an overloaded provider, and of a spent budget (measured: what makes the real CLIs stop). */
  readonly overloadedStatus: number;
  readonly budgetStatus: number;
  /** What a path asks for; undefined where it is none of this wire's. */
  route(path: string): Route | undefined;
  read(body: JsonObject, route: Route): ModelRequest;
  /** Tokens of a step for which the script says nothing. */
  defaultUsage(step: number): TokenCounts;
  /** `usage` as a client of this wire can read it back: kinds that it has no field for are counted under another. */
  toSayableUsage(usage: TokenCounts): TokenCounts;
  /** The answer without streaming. */
  toBody(answer: Answer): JsonObject;
  /** The answer as a stream: one server-sent event per chunk. */
  toChunks(answer: Answer): readonly string[];
  toErrorBody(error: WireError): JsonObject;
  /** Headers that tell when a rate limit lifts. `resetAt` is in ms since the epoch. */
  resetHeaders(resetAt: number): Readonly<Record<string, string>>;
  toCountBody(tokens: number): JsonObject;
}
