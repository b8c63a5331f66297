import type { Provider, TokenUsage, Wire } from "@cloister/core";
import { NO_USAGE } from "@cloister/core";
import type { JsonObject } from "../../../agents/json-value.ts";
import type { MeteredUsage, ModelRequest, RequestFacts } from "../../port.ts";

const WIRES: Readonly<Record<Provider, Wire>> = { anthropic: "anthropic", openai: "openai_chat", gemini: "gemini" };

/** What of a request matters to its price. */
export type RequestSketch = {
  readonly provider?: Provider;
  readonly facts?: Partial<RequestFacts>;
  /** The body as an object; `text` where it is none. */
  readonly json?: JsonObject;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request for tests of prices. Its wire reads nothing: the facts are given. */
export function requestOf({ provider = "anthropic", facts, json, text, headers = {} }: RequestSketch): ModelRequest {
  const unused = (): never => {
    throw new Error("Prices need no more of a wire than its names.");
  };
  return {
    id: "q1",
    identity: { run: "r1", task: "t1", iteration: 1 },
    wire: { name: WIRES[provider], provider, readRequest: unused, createUsageReader: unused, refuse: unused },
    facts: { model: "claude-opus-5-5", stream: true, billable: true, ...facts },
    method: "POST",
    path: "/",
    headers,
    body: Buffer.from(text ?? JSON.stringify(json ?? {})),
    json: text === undefined ? (json ?? {}) : undefined,
    startedAt: 0,
  };
}

/** A usage as it is metered. */
export function metered(usage: Partial<TokenUsage>, longCacheWrite: number = 0): MeteredUsage {
  return { usage: { ...NO_USAGE, ...usage }, longCacheWrite, completeness: "whole", outputBytes: 0 };
}
