import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readSettings } from "./settings.ts";

const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

suite("where signals are sent", () => {
  for (const { title, env, traces, metrics } of [
    { title: "nowhere by default", env: {} },
    { title: "nowhere with an empty endpoint", env: { OTEL_EXPORTER_OTLP_ENDPOINT: "" } },
    {
      title: "to the signal's path under the common endpoint",
      env: BASE,
      traces: "http://collector:4318/v1/traces",
      metrics: "http://collector:4318/v1/metrics",
    },
    {
      title: "to a signal's own endpoint as it is",
      env: { ...BASE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t/x?k=1" },
      traces: "https://t/x?k=1",
      metrics: "http://collector:4318/v1/metrics",
    },
    {
      title: "one signal alone",
      env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://m/" },
      metrics: "http://m/",
    },
    {
      title: "not where the exporter is another",
      env: { ...BASE, OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "prometheus,otlp" },
      metrics: "http://collector:4318/v1/metrics",
    },
  ]) {
    test(title, () => {
      const settings = readSettings(env);
      assert.deepEqual([settings.traces?.url, settings.metrics?.url, settings.notices], [traces, metrics, []]);
    });
  }

  for (const { title, env, notice } of [
    { title: "gRPC", env: { ...BASE, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, notice: /^No traces are sent: .*HTTP/u },
    { title: "a URL without http", env: { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, notice: /not an http/u },
    { title: "no URL at all", env: { OTEL_EXPORTER_OTLP_ENDPOINT: "::" }, notice: /not an http/u },
  ]) {
    test(`${title} is said, and nothing is sent`, () => {
      const { traces, metrics, notices } = readSettings(env);
      assert.deepEqual([traces, metrics, notices.length], [undefined, undefined, 2]);
      assert.match(notices[0] ?? "", notice);
    });
  }
});

suite("how signals are sent", () => {
  test("a signal's own headers, time and compression win over the common ones", () => {
    const { traces, metrics } = readSettings({
      ...BASE,
      OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=2",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=3,broken,=x,c=%ZZ",
      OTEL_EXPORTER_OTLP_TIMEOUT: "700",
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "300",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });
    assert.deepEqual([traces?.headers, traces?.timeoutMs, traces?.gzip], [{ a: "1", b: "3" }, 300, true]);
    assert.deepEqual([metrics?.headers, metrics?.timeoutMs, metrics?.gzip], [{ a: "1", b: "2" }, 700, true]);
  });

  for (const value of ["0", "-1", "1e3", "soon", "99999999999"]) {
    test(`a time of "${value}" is as if it were not set`, () => {
      const settings = readSettings({ OTEL_METRIC_EXPORT_INTERVAL: value, OTEL_BSP_SCHEDULE_DELAY: value });
      assert.deepEqual([settings.metricIntervalMs, settings.spanDelayMs], [60_000, 5000]);
    });
  }

  for (const [name, argument, sampler] of [
    [undefined, undefined, { ratio: 1, followParent: true }],
    ["always_on", undefined, { ratio: 1, followParent: false }],
    ["always_off", undefined, { ratio: 0, followParent: false }],
    ["parentbased_always_off", undefined, { ratio: 0, followParent: true }],
    ["traceidratio", "0.25", { ratio: 0.25, followParent: false }],
    ["parentbased_traceidratio", "7", { ratio: 1, followParent: true }],
  ] as const) {
    test(`the sampler ${name ?? "by default"} ${argument ?? ""}`, () => {
      const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument };
      assert.deepEqual(readSettings(env).sampler, sampler);
    });
  }

  for (const { env, name } of [
    { env: {}, name: "cloister" },
    { env: { OTEL_RESOURCE_ATTRIBUTES: "service.name=a" }, name: "a" },
    { env: { OTEL_RESOURCE_ATTRIBUTES: "service.name=a", OTEL_SERVICE_NAME: "b" }, name: "b" },
  ]) {
    test(`the service is called ${name} with ${JSON.stringify(env)}`, () => {
      assert.equal(readSettings(env).serviceName, name);
    });
  }
});
