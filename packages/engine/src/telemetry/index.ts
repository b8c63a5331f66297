export { withoutCollectorHeaders } from "./agent-environment.ts";
export { createLogger } from "./logger.ts";
export type { LogFields, Logger, LoggerOptions, LogLevel } from "./logger.ts";
export { PROMETHEUS_CONTENT_TYPE } from "./port.ts";
export type { AgentTelemetry, IterationIdentity, IterationSpan, Telemetry, TelemetryOptions } from "./port.ts";
export { startTelemetry } from "./start-telemetry.ts";
