import assert from "node:assert/strict";
import { test } from "node:test";
import { type Wire, WIRES } from "@cloister/core";
import type { Refusal } from "../port.ts";
import { WIRE_ADAPTERS } from "./find-wire.ts";

type Reason = Refusal["reason"];

/** What stops agents, or makes them wait: as measured with their command lines. */
const STATUSES: Readonly<Record<Reason, Readonly<Record<Wire, number>>>> = {
  budget: { anthropic: 402, openai_responses: 429, openai_chat: 402, gemini: 402 },
  unpriced: { anthropic: 403, openai_responses: 400, openai_chat: 403, gemini: 403 },
  safety: { anthropic: 403, openai_responses: 400, openai_chat: 403, gemini: 403 },
  credential: { anthropic: 403, openai_responses: 400, openai_chat: 403, gemini: 403 },
  endpoint: { anthropic: 404, openai_responses: 404, openai_chat: 404, gemini: 404 },
  body: { anthropic: 413, openai_responses: 400, openai_chat: 413, gemini: 413 },
  token: { anthropic: 401, openai_responses: 401, openai_chat: 401, gemini: 401 },
  rate_limit: { anthropic: 429, openai_responses: 429, openai_chat: 429, gemini: 429 },
  overloaded: { anthropic: 529, openai_responses: 503, openai_chat: 503, gemini: 503 },
  upstream: { anthropic: 529, openai_responses: 503, openai_chat: 503, gemini: 503 },
};
const RETRIED: readonly Reason[] = ["rate_limit", "overloaded", "upstream"];
const MESSAGE = 'The budget of "run" is spent.\n$1.00';

for (const reason of Object.keys(STATUSES) as readonly Reason[]) {
  for (const wire of WIRES) {
    const status = STATUSES[reason][wire];
    const retried = RETRIED.includes(reason);
    test(`a refusal for ${reason} over ${wire} is ${status}, and ${retried ? "tried again" : "final"}`, () => {
      const answer = WIRE_ADAPTERS[wire].refuse({ reason, message: MESSAGE, retryAfterSeconds: 6.2 });
      assert.equal(answer.status, status);
      assert.deepEqual(answer.headers, {
        "content-type": "application/json",
        ...(retried ? { "retry-after": "7" } : { "x-should-retry": "false" }),
      });
      const { error } = JSON.parse(answer.body) as { readonly error: { readonly message: string } };
      assert.equal(error.message, MESSAGE);
    });
  }
}

const BODIES: readonly { readonly wire: Wire; readonly reason: Reason; readonly body: unknown }[] = [
  { wire: "anthropic", reason: "budget", body: { type: "error", error: { type: "billing_error", message: "m" } } },
  {
    wire: "anthropic",
    reason: "overloaded",
    body: { type: "error", error: { type: "overloaded_error", message: "m" } },
  },
  {
    wire: "openai_responses",
    reason: "budget",
    body: { error: { message: "m", type: "insufficient_quota", code: "insufficient_quota", param: null } },
  },
  {
    wire: "openai_responses",
    reason: "rate_limit",
    body: { error: { message: "m", type: "rate_limit_exceeded", code: "rate_limit_exceeded", param: null } },
  },
  {
    wire: "openai_chat",
    reason: "token",
    body: { error: { message: "m", type: "invalid_request_error", code: "invalid_api_key", param: null } },
  },
  { wire: "gemini", reason: "budget", body: { error: { code: 402, message: "m", status: "RESOURCE_EXHAUSTED" } } },
  {
    wire: "gemini",
    reason: "rate_limit",
    body: {
      error: {
        code: 429,
        message: "m",
        status: "RESOURCE_EXHAUSTED",
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "5s" }],
      },
    },
  },
];

for (const { wire, reason, body } of BODIES) {
  test(`a refusal for ${reason} has the shape of ${wire}'s errors`, () => {
    assert.deepEqual(JSON.parse(WIRE_ADAPTERS[wire].refuse({ reason, message: "m" }).body), body);
  });
}

for (const { seconds, header } of [
  { seconds: 0, header: "1" },
  { seconds: -3, header: "1" },
  { seconds: Number.NaN, header: undefined },
  { seconds: Number.POSITIVE_INFINITY, header: "2678400" },
  { seconds: undefined, header: undefined },
]) {
  test(`an upstream that is back in ${seconds} seconds is asked again after ${header ?? "an unknown time"}`, () => {
    const when = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    const { headers } = WIRE_ADAPTERS.anthropic.refuse({ reason: "upstream", message: "m", ...when });
    assert.equal(headers["retry-after"], header);
  });
}
