/** Sets OpenTelemetry's SDK up. Loaded only where telemetry is on: the SDK costs time and memory that a run without it must not pay. */
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { SamplerSettings, SignalSettings, TelemetrySettings } from "./settings.ts";

/** Spans that wait for the collector at most (T2). What comes on top is dropped. */
const MAX_QUEUED_SPANS = 2048;
/** Characters that an attribute's value is cut to: names come from agents. */
const MAX_ATTRIBUTE_LENGTH = 300;

/** Takes a failed export. */
type OnFailure = () => void;

/** What describes this process in everything that it sends. */
export function createResource(settings: TelemetrySettings, version: string, more: Record<string, string>): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      "service.version": version,
      ...more,
      ...settings.resource,
      "service.name": settings.serviceName,
    }),
  );
}

/** Provider of spans, sent to `settings.traces`; without that, spans are not even recorded. */
export function createTracerProvider(
  settings: TelemetrySettings,
  resource: Resource,
  onFailure: OnFailure,
): TracerProvider {
  if (settings.traces === undefined) return new TracerProvider({ resource, sampler: new TraceIdRatioBasedSampler(0) });
  const exporter = noteFailures(new OTLPTraceExporter(exporterOptions(settings.traces)), onFailure);
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_QUEUED_SPANS,
    scheduledDelayMillis: settings.spanDelayMs,
    exportTimeoutMillis: settings.traces.timeoutMs,
  });
  return new TracerProvider({
    resource,
    sampler: createSampler(settings.sampler),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [processor],
  });
}

function createSampler({ ratio, followParent }: SamplerSettings): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return followParent ? new ParentBasedSampler({ root }) : root;
}

/** Provider of metrics: sent to `settings.metrics` where that is set, and read by `scrape` where that is given. */
export function createMeterProvider(
  settings: TelemetrySettings,
  resource: Resource,
  { scrape, onFailure }: { readonly scrape: ScrapeReader | undefined; readonly onFailure: OnFailure },
): MeterProvider {
  const readers: MetricReader[] = scrape === undefined ? [] : [scrape];
  if (settings.metrics !== undefined) {
    const exporter = noteFailures(new OTLPMetricExporter(exporterOptions(settings.metrics)), onFailure);
    readers.push(new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: settings.metricIntervalMs }));
  }
  return new MeterProvider({ resource, readers });
}

function exporterOptions({ url, headers, timeoutMs, gzip }: SignalSettings): Record<string, unknown> {
  return { url, headers: { ...headers }, timeoutMillis: timeoutMs, compression: gzip ? "gzip" : "none" };
}

/** Makes `exporter` tell of failed exports. Their errors are not passed on: they may quote the collector's answer. */
function noteFailures<Exporter extends { export(batch: never, done: (result: { code: number }) => void): void }>(
  exporter: Exporter,
  onFailure: OnFailure,
): Exporter {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      if (result.code !== 0) onFailure();
      done(result);
    });
  return exporter;
}

/** Reads all metrics when it is asked to; Prometheus' way. */
export class ScrapeReader extends MetricReader {
  readonly #serializer = new PrometheusSerializer("", false, undefined, false, true);

  /** All metrics in Prometheus' text format. */
  async render(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    return `${this.#serializer.serialize(resourceMetrics).trimEnd()}\n`;
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
