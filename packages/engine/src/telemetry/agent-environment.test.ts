import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutCollectorHeaders } from "./agent-environment.ts";
import { parseKeyValueList } from "./key-value-list.ts";
import { startTelemetry } from "./start-telemetry.ts";

const TRACEPARENT = "00-11111111111111111111111111111111-2222222222222222-01";
const ENV = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1/base",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret",
};
const GEMINI = {
  GEMINI_TELEMETRY_ENABLED: "true",
  GEMINI_TELEMETRY_TARGET: "local",
  GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
  GEMINI_TELEMETRY_LOG_PROMPTS: "false",
};

for (const { title, agent, given, expected } of [
  {
    title: "Claude Code sends everything to the endpoint that its machine reaches",
    agent: "claude",
    given: { traceparent: TRACEPARENT, endpoint: "http://10.0.2.2:4318" },
    expected: {
      CLAUDE_CODE_ENABLE_TELEMETRY: "1",
      CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://10.0.2.2:4318",
      TRACEPARENT,
    },
  },
  {
    title: "Gemini CLI sends to the user's own endpoint, without prompts",
    agent: "gemini",
    given: {},
    expected: { ...GEMINI, GEMINI_TELEMETRY_OTLP_ENDPOINT: "http://127.0.0.1:1/base" },
  },
  {
    title: "another agent gets the trace's context",
    agent: "codex",
    given: { traceparent: TRACEPARENT },
    expected: { TRACEPARENT },
  },
  {
    title: "an agent called like a property of every object gets nothing",
    agent: "constructor",
    given: {},
    expected: {},
  },
]) {
  test(title, async () => {
    const telemetry = await startTelemetry({ env: ENV, serviceVersion: "1" });
    assert.deepEqual(telemetry.agentEnvironment(agent, given), expected);
  });
}

test("resource attributes arrive as they were, whatever they hold", async () => {
  const telemetry = await startTelemetry({ env: ENV, serviceVersion: "1" });
  const resource = { "cloister.run": "r-1", "cloister.task": 'a=b, "c" é%' };
  const { OTEL_RESOURCE_ATTRIBUTES: written } = telemetry.agentEnvironment("claude", { resource });
  assert.deepEqual(parseKeyValueList(written ?? ""), resource);
});

test("an agent is told of no endpoint where the user's are for single signals", async () => {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:1/t" };
  const telemetry = await startTelemetry({ env, serviceVersion: "1" });
  assert.deepEqual(telemetry.agentEnvironment("claude", { traceparent: TRACEPARENT }), { TRACEPARENT });
});

test("the headers for the collector, of every signal, go; all else stays", () => {
  const kept = { PATH: "/bin", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SERVICE_NAME: "mine" };
  const signals = ["", "TRACES_", "METRICS_", "LOGS_"];
  const headers = Object.fromEntries(signals.map((signal) => [`OTEL_EXPORTER_OTLP_${signal}HEADERS`, "key=secret"]));
  assert.deepEqual(withoutCollectorHeaders({ ...kept, ...headers }), kept);
});
