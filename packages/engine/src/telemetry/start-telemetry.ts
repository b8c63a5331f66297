import { NO_TELEMETRY } from "./off.ts";
import type { Telemetry, TelemetryOptions } from "./port.ts";
import { readSettings } from "./settings.ts";

/**
 * Starts telemetry as the user's environment says: OTLP/HTTP where an endpoint is set, metrics for Prometheus where `options.prometheus`
 * asks for them. Where neither is wanted, or `OTEL_SDK_DISABLED=true`, nothing is loaded and nothing happens. Never rejects for the
 * environment's sake: what is malformed is left out and told to `options.onNotice`.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const settings = readSettings(options.env);
  if (settings.disabled) return NO_TELEMETRY;
  for (const notice of settings.notices) options.onNotice?.(notice);
  const wanted = settings.traces !== undefined || settings.metrics !== undefined || options.prometheus === true;
  if (!wanted) return NO_TELEMETRY;
  const { createTelemetry } = await import("./live.ts");
  return createTelemetry(settings, options);
}
