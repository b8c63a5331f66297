/**
 * OpenTelemetry's environment variables, as far as Cloister honours them.
 * Sources: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { parseKeyValueList } from "./key-value-list.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where one signal is sent. */
export type SignalSettings = {
  readonly url: string;
  /** May hold the user's credentials: they go to the collector alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** ms for one export with its retries. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
};

/** Share of traces that are kept, and whether a parent's own decision goes first. */
export type SamplerSettings = { readonly ratio: number; readonly followParent: boolean };

/** What the user's environment says about telemetry. */
export type TelemetrySettings = {
  readonly disabled: boolean;
  /** Left out where the signal is not sent. */
  readonly traces?: SignalSettings;
  readonly metrics?: SignalSettings;
  /** OTLP base address, for agents. */
  readonly endpoint?: string;
  readonly sampler: SamplerSettings;
  /** ms between two exports. */
  readonly spanDelayMs: number;
  readonly metricIntervalMs: number;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  /** What can't work as configured, in sentences. */
  readonly notices: readonly string[];
};

/** OpenTelemetry's own default is 10 s. An export under way keeps the process alive, and a run's end must not wait for a dead collector. */
const DEFAULT_TIMEOUT_MS = 2000;
const HOUR_MS = 3_600_000;

/** Reads the settings. Never throws: what is malformed is as if it were absent, and said in `notices`. */
export function readSettings(env: Environment): TelemetrySettings {
  const notices: string[] = [];
  const traces = readSignal(env, "TRACES", notices);
  const metrics = readSignal(env, "METRICS", notices);
  const endpoint = toHttpUrl(env["OTEL_EXPORTER_OTLP_ENDPOINT"])?.href;
  const { "service.name": named, ...resource } = parseKeyValueList(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "");
  return {
    disabled: env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true",
    ...(traces === undefined ? {} : { traces }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(endpoint === undefined ? {} : { endpoint }),
    sampler: readSampler(env),
    spanDelayMs: readMilliseconds(env["OTEL_BSP_SCHEDULE_DELAY"]) ?? 5000,
    metricIntervalMs: readMilliseconds(env["OTEL_METRIC_EXPORT_INTERVAL"]) ?? 60_000,
    serviceName: (env["OTEL_SERVICE_NAME"] || named) ?? "cloister",
    resource,
    notices,
  };
}

function readSignal(env: Environment, signal: "TRACES" | "METRICS", notices: string[]): SignalSettings | undefined {
  const exporters = env[`OTEL_${signal}_EXPORTER`] || "otlp";
  const chosen = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_${signal}_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const address = chosen("ENDPOINT");
  if (address === undefined || !exporters.split(",").includes("otlp")) return undefined;
  const problem = findProblem(address, chosen("PROTOCOL"));
  if (problem !== undefined) {
    notices.push(`No ${signal.toLowerCase()} are sent: ${problem}`);
    return undefined;
  }
  return {
    url: signalUrl(env, signal, address),
    headers: {
      ...parseKeyValueList(env["OTEL_EXPORTER_OTLP_HEADERS"] ?? ""),
      ...parseKeyValueList(env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`] ?? ""),
    },
    timeoutMs: readMilliseconds(chosen("TIMEOUT")) ?? DEFAULT_TIMEOUT_MS,
    gzip: chosen("COMPRESSION") === "gzip",
  };
}

function findProblem(address: string, protocol: string | undefined): string | undefined {
  if (toHttpUrl(address) === undefined) return "the OTLP endpoint is not an http or https URL.";
  if (protocol === "grpc")
    return "Cloister speaks OTLP over HTTP. Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, port 4318.";
  return undefined;
}

/** A signal's own address is taken as it is; to the common one the signal's path is added. */
function signalUrl(env: Environment, signal: "TRACES" | "METRICS", address: string): string {
  const url = new URL(address);
  if (!env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]) {
    url.pathname = `${url.pathname.replace(/\/$/u, "")}/v1/${signal.toLowerCase()}`;
  }
  return url.href;
}

function toHttpUrl(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url !== null && /^https?:$/u.test(url.protocol) ? url : undefined;
}

function readSampler(env: Environment): SamplerSettings {
  const name = env["OTEL_TRACES_SAMPLER"] || "parentbased_always_on";
  const followParent = name.startsWith("parentbased_");
  if (name.endsWith("always_off")) return { ratio: 0, followParent };
  if (!name.endsWith("traceidratio")) return { ratio: 1, followParent };
  const ratio = Number(env["OTEL_TRACES_SAMPLER_ARG"] || 1);
  return { ratio: ratio >= 0 && ratio <= 1 ? ratio : 1, followParent };
}

function readMilliseconds(text: string | undefined): number | undefined {
  const value = /^\d{1,9}$/u.test(text ?? "") ? Number(text) : 0;
  return value > 0 && value <= HOUR_MS ? value : undefined;
}
