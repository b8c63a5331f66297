/** One trace of a run: what the real Claude Code tells of itself stands below what Cloister and its gateway tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type RequestRecord, startModelServer } from "@cloister/testkit";
import { summaryOf } from "../harness/cli-process.ts";
import { agentEnvironment, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";
import { type ExportedSpan, startOtlpSink } from "./otlp-sink.ts";

const CREDENTIAL = "sk-ant-a-secret-of-the-model-52c1";
const HEADER = "a-secret-of-the-collector-9b1e";

test("a run's trace holds its iterations, each with its agent's spans and the gateway's, and no secret", async () => {
  await using server = await startModelServer({ script: readTextToolsScript() });
  await using sink = await startOtlpSink();
  using repository = createTextTools({
    ...agentEnvironment(server.url),
    ANTHROPIC_AUTH_TOKEN: CREDENTIAL,
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${HEADER}`,
  });
  const end = await repository.run(["run", "plan.md", "--agent", "claude", "--json"]);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));

  const spans = sink.spans();
  const iterations = assertRun(spans, summaryOf(end).run);
  assertRequests(spans, iterations, server.requests);
  assertAgent(spans, iterations, server.requests);
  for (const { path, headers, body } of sink.exports) {
    assert.ok(!body.includes(CREDENTIAL), `the credential is in an export to ${path}`);
    assert.ok(!body.includes(HEADER), `the collector's header is in an export to ${path}`);
    assert.doesNotMatch(body, /cloister-[\w-]{32}/, `a token of the gateway is in an export to ${path}`);
    assert.ok(!isOfAgent(body) || headers["x-collector-key"] === undefined, "the agent has the collector's header");
  }
});

function named(spans: readonly ExportedSpan[], name: RegExp): ExportedSpan[] {
  return spans.filter((span) => name.test(span.name));
}

function isOfAgent(body: string): boolean {
  return body.includes("claude_code.");
}

/** @returns the spans of its four iterations, in their order. */
function assertRun(spans: readonly ExportedSpan[], run: string): ExportedSpan[] {
  const [root, ...others] = spans.filter(({ parentSpanId = "" }) => parentSpanId === "");
  assert.deepEqual([root?.name, root?.attributes["cloister.run"], others], ["run", run, []]);
  assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [root?.traceId], "it is one trace");
  const iterations = named(spans, /^iteration$/);
  assert.deepEqual(
    iterations.map(({ parentSpanId, attributes }) => [parentSpanId, attributes["cloister.iteration"]]),
    [1, 2, 3, 4].map((iteration) => [root?.spanId, iteration]),
  );
  return iterations;
}

/** The gateway's spans: one for each request that the server answered, with the tokens that it said it used. */
function assertRequests(
  spans: readonly ExportedSpan[],
  iterations: readonly ExportedSpan[],
  requests: readonly RequestRecord[],
): void {
  const chats = named(spans, /^chat /);
  for (const { parentSpanId, attributes } of chats)
    assert.equal(parentSpanId, iterations[Number(attributes["cloister.iteration"]) - 1]?.spanId);
  assert.deepEqual(
    chats.map(({ attributes }) => ({
      input: attributes["gen_ai.usage.input_tokens"],
      cacheRead: attributes["gen_ai.usage.cache_read.input_tokens"],
      cacheWrite: attributes["gen_ai.usage.cache_creation.input_tokens"],
      output: attributes["gen_ai.usage.output_tokens"],
    })),
    usages(requests).map(({ input, ...usage }) => ({ ...usage, input: input + usage.cacheRead + usage.cacheWrite })),
  );
}

/** The agent's own spans: an interaction for each iteration, and all else somewhere below it. */
function assertAgent(
  spans: readonly ExportedSpan[],
  iterations: readonly ExportedSpan[],
  requests: readonly RequestRecord[],
): void {
  const interactions = named(spans, /^claude_code\.interaction$/);
  assert.deepEqual(ids(interactions, "parentSpanId"), ids(iterations, "spanId"));
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const isBelow = (span: ExportedSpan | undefined): boolean =>
    span !== undefined && (interactions.includes(span) || isBelow(byId.get(span.parentSpanId ?? "")));
  const own = named(spans, /^claude_code\./);
  assert.deepEqual(
    own.filter((span) => !isBelow(span)),
    [],
  );
  assert.ok(named(own, /^claude_code\.tool$/).length > 0, "its tools are among them");
  assert.deepEqual(
    named(own, /^claude_code\.llm_request$/).map(({ attributes }) => ({
      input: attributes["input_tokens"],
      cacheRead: attributes["cache_read_tokens"],
      cacheWrite: attributes["cache_creation_tokens"],
      output: attributes["output_tokens"],
    })),
    usages(requests),
  );
}

type Usage = Record<"input" | "cacheRead" | "cacheWrite" | "output", number>;

function usages(requests: readonly RequestRecord[]): Usage[] {
  return requests.map(({ usage }) => {
    assert.ok(usage !== undefined);
    const { input, cacheRead, cacheWrite, output } = usage;
    return { input, cacheRead, cacheWrite, output };
  });
}

function ids(spans: readonly ExportedSpan[], key: "spanId" | "parentSpanId"): (string | undefined)[] {
  return spans.map((span) => span[key]);
}
