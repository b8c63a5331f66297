import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after, suite, test } from "node:test";
import { promisify } from "node:util";
import { listAt, objectAt } from "../agents/json-value.ts";
import type { TelemetryOptions } from "./port.ts";
import { startTelemetry } from "./start-telemetry.ts";
import { type ReceivedSpan, readAttributes, startOtlpSink } from "./testing/otlp-sink.ts";
import { type SampleChange, sampleRequest } from "./testing/samples.ts";

const ITERATION = { run: "r-1", task: "T1", iteration: 3, agent: "claude" } as const;
const OUTER = "00-11111111111111111111111111111111-2222222222222222-01";

function start(env: TelemetryOptions["env"], more: Partial<TelemetryOptions> = {}) {
  return startTelemetry({ env, serviceVersion: "1.2.3", ...more });
}

const silent: Server[] = [];
after(() => silent.forEach((server) => server.close()));

/** The address of a server that takes connections and never answers. */
async function startSilentServer(): Promise<string> {
  const server = createServer((socket) => socket.unref()).unref();
  silent.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** The one span that a request comes to. */
async function spanOf(change: SampleChange): Promise<ReceivedSpan> {
  await using sink = await startOtlpSink();
  const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
  telemetry.gatewayObserver.settled?.(sampleRequest(change));
  await telemetry.shutdown();
  const [span, ...others] = sink.spans();
  assert.ok(span !== undefined && others.length === 0);
  return span;
}

suite("spans", () => {
  test("run, iteration and request nest, under the trace that Cloister was started in", async () => {
    await using sink = await startOtlpSink();
    const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, TRACEPARENT: OUTER });
    const { traceparent = "", end } = telemetry.startIteration(ITERATION);
    telemetry.gatewayObserver.settled?.(sampleRequest({ identity: { traceparent } }));
    end("accepted");
    telemetry.endRun("r-1", "done");
    await telemetry.shutdown();

    const [request, iteration, run] = sink.spans();
    assert.ok(request !== undefined && iteration !== undefined && run !== undefined);
    assert.deepEqual(
      [run, iteration, request].map(({ name, parentSpanId, traceId }) => [name, parentSpanId, traceId]),
      [
        ["run", "2222222222222222", "1".repeat(32)],
        ["iteration", run.spanId, "1".repeat(32)],
        ["chat claude-sonnet-4-5", iteration.spanId, "1".repeat(32)],
      ],
    );
    assert.equal(traceparent, `00-${iteration.traceId}-${iteration.spanId}-01`);
    assert.deepEqual(iteration.attributes, {
      "cloister.run": "r-1",
      "cloister.task": "T1",
      "cloister.iteration": 3,
      "cloister.agent": "claude",
      "cloister.outcome": "accepted",
    });
  });

  test("a request's span says what was asked, used and paid, and when", async () => {
    const { attributes, kind, status, milliseconds } = await spanOf({});
    assert.deepEqual({ kind, status, milliseconds }, { kind: 3, status: 0, milliseconds: 1500 });
    assert.deepEqual(attributes, {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-sonnet-4-5",
      "gen_ai.request.stream": true,
      "gen_ai.request.max_tokens": 8000,
      "gen_ai.response.model": "claude-sonnet-4-5-20250929",
      "gen_ai.response.time_to_first_chunk": 0.25,
      "gen_ai.usage.input_tokens": 2400,
      "gen_ai.usage.cache_read.input_tokens": 2000,
      "gen_ai.usage.cache_creation.input_tokens": 300,
      "gen_ai.usage.output_tokens": 70,
      "gen_ai.usage.reasoning.output_tokens": 20,
      "http.response.status_code": 200,
      "cloister.run": "r-1",
      "cloister.task": "T1",
      "cloister.iteration": 3,
      "cloister.request": "q-1",
      "cloister.wire": "anthropic",
      "cloister.credential": "anthropic-1",
      "cloister.attempts": 1,
      "cloister.cost_micro_usd": 16200,
      "cloister.price_from": "list",
      "cloister.completeness": "whole",
    });
  });

  const GEMINI = { name: "gemini", provider: "gemini" } as const;
  for (const { title, change, name, error, provider = "anthropic" } of [
    { title: "Gemini's requests", change: { wire: GEMINI }, name: "generate_content M", provider: "gcp.gemini" },
    { title: "a request that costs nothing", change: { facts: { billable: false } }, name: "metadata M" },
    { title: "an error's answer", change: { settled: { status: 529 } }, name: "chat M", error: "529" },
    { title: "a cut answer", change: { settled: { completeness: "partial" } }, name: "chat M", error: "answer_cut" },
    { title: "a lost answer", change: { settled: { completeness: "lost" } }, name: "chat M", error: "answer_lost" },
    {
      title: "no answer",
      change: { settled: { status: 0, completeness: "none" } },
      name: "chat M",
      error: "no_answer",
    },
  ] satisfies { title: string; change: SampleChange; name: string; error?: string; provider?: string }[]) {
    test(`${title}: named and marked for what it is`, async () => {
      const facts = { model: "M", ...("facts" in change ? change.facts : {}) };
      const span = await spanOf({ ...change, facts });
      assert.deepEqual(
        [span.name, span.status, span.attributes["error.type"], span.attributes["gen_ai.provider.name"]],
        [name, error === undefined ? 0 : 2, error, provider],
      );
    });
  }

  test("names no tokens where the answer named none", async () => {
    const { attributes } = await spanOf({ settled: { completeness: "none", status: 404 } });
    assert.deepEqual(
      Object.keys(attributes).filter((name) => name.startsWith("gen_ai.usage")),
      [],
    );
  });

  test("a model's name of any length is cut", async () => {
    const { attributes } = await spanOf({ facts: { model: "m".repeat(100_000) } });
    assert.equal(attributes["gen_ai.request.model"], "m".repeat(300));
  });

  test("a malformed trace context makes a trace of its own", async () => {
    const { parentSpanId } = await spanOf({ identity: { traceparent: "00-zz-\n-01" } });
    assert.equal(parentSpanId, undefined);
  });

  test("what is open at shutdown is closed as interrupted; refusals and signals are noted on the iteration", async () => {
    await using sink = await startOtlpSink();
    const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    telemetry.startIteration(ITERATION);
    const at = { request: "q-9", iteration: 3 };
    telemetry.gatewayObserver.refused?.({ type: "request_refused", ...at, reason: "budget", detail: "spent" });
    telemetry.gatewayObserver.flagged?.({
      type: "request_flagged",
      ...at,
      kind: "secret",
      action: "redacted",
      detail: "a key",
    });
    await telemetry.shutdown();
    const [iteration, run] = sink.spans();
    assert.deepEqual(
      [iteration?.attributes["cloister.outcome"], run?.attributes["cloister.outcome"], run?.status],
      ["interrupted", "interrupted", 2],
    );
    assert.deepEqual(iteration?.events, [
      { name: "cloister.request_refused", attributes: { "cloister.request": "q-9", "cloister.reason": "budget" } },
      {
        name: "cloister.request_flagged",
        attributes: { "cloister.request": "q-9", "cloister.signal": "secret", "cloister.action": "redacted" },
      },
    ]);
  });

  test("a refusal is noted on no iteration where two runs have one of that number", async () => {
    await using sink = await startOtlpSink();
    const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    telemetry.startIteration(ITERATION);
    telemetry.startIteration({ ...ITERATION, run: "r-2" });
    telemetry.gatewayObserver.refused?.({
      type: "request_refused",
      request: "q",
      iteration: 3,
      reason: "budget",
      detail: "",
    });
    await telemetry.shutdown();
    assert.deepEqual(
      sink.spans().map(({ events }) => events.length),
      [0, 0, 0, 0],
    );
  });
});

suite("sending", () => {
  test("traces and metrics go to their paths, with the user's headers and resource", async () => {
    await using sink = await startOtlpSink();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${sink.url}/base/`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=a%20b",
      OTEL_SERVICE_NAME: "nightly",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=ci,host=mine",
    };
    const telemetry = await start(env, { resource: { host: "theirs", zone: "z" } });
    telemetry.gatewayObserver.settled?.(sampleRequest());
    await telemetry.shutdown();
    const sent = sink.requests.map(({ path, headers }) => `${path} ${String(headers["x-team"])}`);
    assert.deepEqual(sent.sort(), ["/base/v1/metrics a b", "/base/v1/traces a b"]);
    const [resourceSpans] = sink.requests.flatMap(({ body }) => listAt(body, "resourceSpans"));
    const {
      "service.name": service,
      "service.version": version,
      ...resource
    } = readAttributes(objectAt(resourceSpans, "resource"));
    assert.deepEqual(
      [service, version, resource["host"], resource["zone"], resource["deployment.environment.name"]],
      ["nightly", "1.2.3", "mine", "z", "ci"],
    );
  });

  test("a trace that its parent does not sample is not sent, and says so to the agent", async () => {
    await using sink = await startOtlpSink();
    const telemetry = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      TRACEPARENT: OUTER.replace(/01$/u, "00"),
    });
    const { traceparent, end } = telemetry.startIteration(ITERATION);
    end("accepted");
    await telemetry.shutdown();
    assert.match(traceparent ?? "", /-00$/u);
    assert.deepEqual(sink.spans(), []);
  });

  for (const { title, address, told } of [
    { title: "refuses connections", address: () => Promise.resolve("http://127.0.0.1:1"), told: [1] },
    { title: "never answers", address: startSilentServer, told: [0, 1] },
  ]) {
    test(`a collector that ${title} holds nothing up and is told of once`, { timeout: 20_000 }, async () => {
      const notices: string[] = [];
      const telemetry = await start(
        { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: await address(), OTEL_BSP_SCHEDULE_DELAY: "1" },
        { onNotice: (notice) => notices.push(notice) },
      );
      const begun = performance.now();
      for (let count = 0; count < 10_000; count += 1) telemetry.gatewayObserver.settled?.(sampleRequest());
      const recorded = performance.now();
      await telemetry.shutdown();
      const ended = performance.now();
      assert.ok(recorded - begun < 5000, `recording took ${String(recorded - begun)} ms`);
      assert.ok(ended - recorded < 3000, `shutdown took ${String(ended - recorded)} ms`);
      assert.ok(told.includes(notices.length), notices.join("\n"));
    });
  }

  test("a collector that rejects is told of once, without what it said", async () => {
    await using sink = await startOtlpSink(400);
    const notices: string[] = [];
    const telemetry = await start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url.replace("//", "//user:secret@") },
      { onNotice: (notice) => notices.push(notice) },
    );
    telemetry.gatewayObserver.settled?.(sampleRequest());
    await telemetry.shutdown();
    assert.deepEqual(notices, [`Telemetry could not be sent to ${sink.url}. Cloister goes on without it.`]);
  });
});

suite("off", () => {
  for (const { title, env } of [
    { title: "no endpoint is set", env: {} },
    {
      title: "the SDK is disabled",
      env: { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" },
    },
  ]) {
    test(`nothing is made where ${title}`, async () => {
      const telemetry = await start(env);
      const { traceparent, end } = telemetry.startIteration(ITERATION);
      end("accepted");
      assert.equal(traceparent, undefined);
      assert.deepEqual(telemetry.agentEnvironment("claude", { endpoint: "http://127.0.0.1:2" }), {});
      assert.match(await telemetry.renderPrometheus(), /^#.*\n$/u);
      await telemetry.shutdown();
    });
  }

  test("metrics are scraped without a trace being made", async () => {
    const telemetry = await start({}, { prometheus: true });
    assert.equal(telemetry.startIteration(ITERATION).traceparent, undefined);
    assert.deepEqual(telemetry.agentEnvironment("claude", {}), {});
    await telemetry.shutdown();
  });

  for (const { endpoint, loaded } of [
    { endpoint: "", loaded: false },
    { endpoint: "http://127.0.0.1:1", loaded: true },
  ]) {
    test(`the SDK is ${loaded ? "" : "not "}loaded with the endpoint "${endpoint}"`, async () => {
      const script = `
        import { registerHooks } from "node:module";
        const seen = [];
        registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
        const { startTelemetry } = await import(${JSON.stringify(new URL("index.ts", import.meta.url).href)});
        await startTelemetry({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "${endpoint}" }, serviceVersion: "1" });
        console.log(seen.some((name) => /opentelemetry|pino/.test(name)));
        process.exit();`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
      assert.equal(stdout.trim(), String(loaded));
    });
  }
});
