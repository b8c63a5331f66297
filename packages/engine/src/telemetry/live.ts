/** Telemetry that is on. Loaded lazily, because the SDK comes with it. */
import { agentVariables } from "./agent-environment.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { Telemetry, TelemetryOptions } from "./port.ts";
import { createMeterProvider, createResource, createTracerProvider, ScrapeReader } from "./providers.ts";
import type { SignalSettings, TelemetrySettings } from "./settings.ts";
import { createSpans, type Spans } from "./spans.ts";

const SCOPE = "cloister";
/** ms that `shutdown` may take. */
const SHUTDOWN_MS = 2000;

/** Creates telemetry that sends where `settings` say. */
export function createTelemetry(settings: TelemetrySettings, options: TelemetryOptions): Telemetry {
  const resource = createResource(settings, options.serviceVersion, { ...options.resource });
  const scrape = options.prometheus === true ? new ScrapeReader() : undefined;
  const noticeFailure = createFailureNotice(options);
  const tracerProvider = createTracerProvider(settings, resource, () => noticeFailure(settings.traces));
  const onFailure = (): void => noticeFailure(settings.metrics);
  const meterProvider = createMeterProvider(settings, resource, { scrape, onFailure });
  const spans = createSpans(tracerProvider.getTracer(SCOPE, options.serviceVersion), options.env["TRACEPARENT"]);
  const metrics = createMetrics(meterProvider.getMeter(SCOPE, options.serviceVersion));
  return {
    gatewayObserver: createObserver(spans, metrics),
    startIteration: createIterationStarter(spans, metrics, settings.traces !== undefined),
    endRun: (run, reason) => spans.endRun(run, reason),
    agentEnvironment: (agent, telemetry) =>
      settings.traces === undefined && settings.metrics === undefined
        ? {}
        : agentVariables(agent, telemetry.endpoint ?? settings.endpoint, telemetry),
    renderPrometheus: () => scrape?.render() ?? Promise.resolve("# metrics are not kept\n"),
    shutdown: () => {
      spans.endAll();
      return withinTime([tracerProvider.shutdown(), meterProvider.shutdown()], SHUTDOWN_MS);
    },
  };
}

function createObserver(spans: Spans, metrics: Metrics): Telemetry["gatewayObserver"] {
  return {
    settled: (summary) => {
      spans.request(summary);
      metrics.settled(summary);
    },
    refused: (event) => {
      spans.note(event);
      metrics.refused(event);
    },
    flagged: (event) => {
      spans.note(event);
      metrics.flagged(event);
    },
  };
}

/** @param traced false: no trace is made, and the agent must not be told that its spans have a parent */
function createIterationStarter(spans: Spans, metrics: Metrics, traced: boolean): Telemetry["startIteration"] {
  return (identity) => {
    const span = spans.startIteration(identity);
    const startedAt = performance.now();
    let ended = false;
    return {
      ...(traced ? { traceparent: span.traceparent } : {}),
      end: (outcome) => {
        if (ended) return;
        ended = true;
        span.end(outcome);
        metrics.iterationEnded(identity.agent, outcome, (performance.now() - startedAt) / 1000);
      },
    };
  };
}

/** Tells of each collector once that it takes nothing. Its address is cut to what can hold no credential. */
function createFailureNotice({ onNotice }: TelemetryOptions): (signal: SignalSettings | undefined) => void {
  const told = new Set<string>();
  return (signal) => {
    const origin = signal === undefined ? undefined : new URL(signal.url).origin;
    if (origin === undefined || told.has(origin)) return;
    told.add(origin);
    onNotice?.(`Telemetry could not be sent to ${origin}. Cloister goes on without it.`);
  };
}

/** Resolves when all of `work` is settled, or `milliseconds` have gone by. */
async function withinTime(work: readonly Promise<unknown>[], milliseconds: number): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([Promise.allSettled(work), timeUp]);
  clearTimeout(timer);
}
