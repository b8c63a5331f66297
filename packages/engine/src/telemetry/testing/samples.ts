/** Requests as the gateway tells of them. For tests. */
import type { MicroUsd } from "@cloister/core";
import type { Identity, RequestFacts, RequestSummary, WireAdapter } from "../../gateway/port.ts";

/** What a sample differs in. */
export type SampleChange = {
  readonly identity?: Partial<Identity>;
  readonly facts?: Partial<RequestFacts>;
  readonly settled?: Partial<RequestSummary["settled"]>;
  readonly wire?: Pick<WireAdapter, "name" | "provider">;
};

/** A streaming request to Claude that went well; tokens and money are all different, so that none can stand for another. */
export function sampleRequest({ identity, facts, settled, wire }: SampleChange = {}): RequestSummary {
  const { name, provider } = wire ?? { name: "anthropic", provider: "anthropic" };
  return {
    request: {
      id: "q-1",
      identity: { run: "r-1", task: "T1", iteration: 3, ...identity },
      wire: { name, provider, readRequest: unused, createUsageReader: unused, refuse: unused },
      facts: { model: "claude-sonnet-4-5", stream: true, maxOutputTokens: 8000, billable: true, ...facts },
      method: "POST",
      path: "/v1/messages",
      headers: {},
      body: Buffer.from("{}"),
      json: {},
      startedAt: 0,
    },
    settled: {
      type: "request_settled",
      request: "q-1",
      iteration: 3,
      wire: name,
      model: "claude-sonnet-4-5-20250929",
      credential: "anthropic-1",
      usage: { input: 100, cacheRead: 2000, cacheWrite: 300, output: 70, reasoning: 20 },
      cost: 16_200 as MicroUsd,
      priceFrom: "list",
      completeness: "whole",
      status: 200,
      firstByteMs: 250,
      durationMs: 1500,
      attempts: 1,
      ...settled,
    },
  };
}

function unused(): never {
  throw new Error("telemetry reads a wire's name and provider alone");
}
