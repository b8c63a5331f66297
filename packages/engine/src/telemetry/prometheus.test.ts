import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Telemetry } from "./port.ts";
import { startTelemetry } from "./start-telemetry.ts";
import { sampleRequest } from "./testing/samples.ts";

const MODELS =
  'gen_ai_operation_name="chat",gen_ai_provider_name="anthropic",gen_ai_request_model="claude-sonnet-4-5",gen_ai_response_model="claude-sonnet-4-5-20250929"';
const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/u;

/** Reads the text format as Prometheus does: every line is a comment or a sample. */
function parseMetrics(text: string): Map<string, number> {
  assert.ok(text.endsWith("\n"), "the last line ends too");
  const samples = new Map<string, number>();
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    const [, name, labels, value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
    const key = labels === undefined ? String(name) : `${String(name)}{${labels}}`;
    assert.ok(!samples.has(key), `twice: ${key}`);
    samples.set(key, Number(value));
  }
  return samples;
}

async function scrape(use: (telemetry: Telemetry) => void): Promise<Map<string, number>> {
  const telemetry = await startTelemetry({ env: {}, serviceVersion: "1.2.3", prometheus: true });
  use(telemetry);
  const samples = parseMetrics(await telemetry.renderPrometheus());
  await telemetry.shutdown();
  return samples;
}

/** One of everything. */
function useAll(telemetry: Telemetry): void {
  const { gatewayObserver } = telemetry;
  gatewayObserver.settled?.(sampleRequest());
  gatewayObserver.settled?.(
    sampleRequest({ settled: { status: 529, completeness: "none", cost: sampleRequest().settled.cost } }),
  );
  gatewayObserver.refused?.({ type: "request_refused", request: "q", iteration: 3, reason: "budget", detail: "" });
  gatewayObserver.flagged?.({
    type: "request_flagged",
    request: "q",
    iteration: 3,
    kind: "cache_broken",
    action: "reported",
    detail: "",
  });
  telemetry.startIteration({ run: "r-1", task: "T1", iteration: 3, agent: "claude" }).end("rejected");
}

suite("the metrics page", () => {
  for (const [key, value] of [
    [`gen_ai_client_token_usage_sum{${MODELS},gen_ai_token_type="input"}`, 2400],
    [`gen_ai_client_token_usage_sum{${MODELS},gen_ai_token_type="output"}`, 70],
    [`gen_ai_client_token_usage_count{${MODELS},gen_ai_token_type="output"}`, 1],
    [`gen_ai_client_operation_duration_sum{${MODELS}}`, 1.5],
    [`gen_ai_client_operation_duration_count{${MODELS},error_type="529"}`, 1],
    [`gen_ai_client_operation_time_to_first_chunk_bucket{${MODELS},le="0.16"}`, 0],
    [`gen_ai_client_operation_time_to_first_chunk_bucket{${MODELS},le="0.32"}`, 2],
    [`cloister_gateway_tokens_total{${MODELS},cloister_token_kind="input"}`, 100],
    [`cloister_gateway_tokens_total{${MODELS},cloister_token_kind="cache_read"}`, 2000],
    [`cloister_gateway_tokens_total{${MODELS},cloister_token_kind="cache_write"}`, 300],
    [`cloister_gateway_tokens_total{${MODELS},cloister_token_kind="output"}`, 70],
    [`cloister_gateway_cost_total{${MODELS},cloister_price_from="list"}`, 32_400],
    [`cloister_gateway_requests_total{${MODELS},http_response_status_code="200",cloister_completeness="whole"}`, 1],
    [`cloister_gateway_requests_total{${MODELS},http_response_status_code="529",cloister_completeness="none"}`, 1],
    [`cloister_gateway_refusals_total{cloister_reason="budget",cloister_wire="_OTHER"}`, 1],
    [`cloister_gateway_signals_total{cloister_signal="cache_broken",cloister_action="reported"}`, 1],
    [`cloister_iteration_duration_count{cloister_agent="claude",cloister_outcome="rejected"}`, 1],
  ] as const) {
    test(`holds ${key}`, async () => {
      assert.equal((await scrape(useAll)).get(key), value);
    });
  }

  test("names no run, task, request or credential", async () => {
    for (const key of (await scrape(useAll)).keys()) assert.doesNotMatch(key, /r-1|T1|q-1|anthropic-1/u);
  });

  test("is the same to every reader", async () => {
    const telemetry = await startTelemetry({ env: {}, serviceVersion: "1", prometheus: true });
    useAll(telemetry);
    assert.equal(await telemetry.renderPrometheus(), await telemetry.renderPrometheus());
  });

  test("stays small whatever models an agent asks for", async () => {
    const samples = await scrape(({ gatewayObserver }) => {
      for (let count = 0; count < 5000; count += 1) {
        gatewayObserver.settled?.(sampleRequest({ facts: { model: `m"\n\\${String(count)}` } }));
      }
    });
    const series = [...samples].filter(([key]) => key.startsWith("cloister_gateway_requests_total"));
    assert.ok(series.length <= 65, `${String(series.length)} series`);
    assert.equal(
      series.reduce((sum, [, value]) => sum + value, 0),
      5000,
    );
  });
});

test("every metric that the dashboard asks for is there", async () => {
  const file = new URL("../../../../docs/grafana/cloister.json", import.meta.url);
  const asked = new Set(readFileSync(file, "utf8").match(/\b(?:cloister|gen_ai)_[a-z_]+(?=\{|\[)/gu));
  assert.ok(asked.size > 5);
  const names = new Set([...(await scrape(useAll)).keys()].map((key) => key.replace(/\{.*/u, "")));
  assert.deepEqual(
    [...asked].filter((name) => !names.has(name)),
    [],
  );
});
