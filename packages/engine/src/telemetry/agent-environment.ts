/**
 * What makes an agent send its own telemetry. Sources: https://code.claude.com/docs/en/monitoring-usage and
 * https://geminicli.com/docs/cli/telemetry. No agent is asked for the texts of prompts or tools, and none gets the collector's headers,
 * which may hold a credential (I8): a collector that wants some can't be reached from agents.
 */
import { formatKeyValueList } from "./key-value-list.ts";
import type { AgentTelemetry } from "./port.ts";

/** Gemini CLI appends the signals' paths itself, and would send prompts if it were not told otherwise. */
function geminiVariables(endpoint: string): Record<string, string> {
  return {
    GEMINI_TELEMETRY_ENABLED: "true",
    GEMINI_TELEMETRY_TARGET: "local",
    GEMINI_TELEMETRY_OTLP_ENDPOINT: endpoint,
    GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
    GEMINI_TELEMETRY_LOG_PROMPTS: "false",
  };
}

/** Claude Code has traces behind a variable of their own; they become children of `TRACEPARENT`. */
function claudeVariables(endpoint: string): Record<string, string> {
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  };
}

const VARIABLES: Readonly<Record<string, (endpoint: string) => Record<string, string>>> = {
  claude: claudeVariables,
  gemini: geminiVariables,
};

const COLLECTOR_HEADERS = /^OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?HEADERS$/u;

/** The environment without the headers for the user's collector: they may hold its key, and no agent, gate or set-up command needs that. */
export function withoutCollectorHeaders(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !COLLECTOR_HEADERS.test(name)));
}

/**
 * The variables for `agent`. Agents without telemetry by variable get the trace's context alone.
 * @param endpoint OTLP/HTTP base address; undefined where there is none that an agent could use
 */
export function agentVariables(
  agent: string,
  endpoint: string | undefined,
  { traceparent, resource = {} }: AgentTelemetry,
): Record<string, string> {
  const own = endpoint === undefined || !Object.hasOwn(VARIABLES, agent) ? undefined : VARIABLES[agent];
  return {
    ...(own === undefined || endpoint === undefined ? {} : own(endpoint)),
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
    ...(Object.keys(resource).length === 0 ? {} : { OTEL_RESOURCE_ATTRIBUTES: formatKeyValueList(resource) }),
  };
}
