/**
 * What Cloister tells a user's own observability about itself. Off unless the user's environment asks for it; then nothing here may slow
 * a request or a run, or make one fail:
 *
 * T1. A method of {@link Telemetry} neither waits nor throws; only `shutdown` and `renderPrometheus` take time, and `shutdown` is bounded.
 * T2. Queues are bounded: with a collector that is dead or slow, telemetry is lost and nothing else.
 * T3. No prompt, answer, credential or file leaves in telemetry: names, numbers and identifiers alone.
 */
import type { EndReason, IterationVerdict } from "@cloister/core";
import type { GatewayObserver } from "../gateway/port.ts";

/** What telemetry is started with. */
export type TelemetryOptions = {
  /** The user's environment. OpenTelemetry's own variables (`OTEL_*`, `TRACEPARENT`) decide what is sent and where. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Cloister's version. */
  readonly serviceVersion: string;
  /** Further resource attributes; `OTEL_RESOURCE_ATTRIBUTES` wins over them. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Keep metrics for {@link Telemetry.renderPrometheus}. False where it is left out: a run without a status server needs none. */
  readonly prometheus?: boolean;
  /** Takes a sentence about telemetry that can't work as configured, and one about each collector that takes nothing. */
  readonly onNotice?: (sentence: string) => void;
};

/** Which iteration a span is for. */
export type IterationIdentity = {
  readonly run: string;
  readonly task: string;
  /** From 1. */
  readonly iteration: number;
  /** The agent's name, such as `claude`. */
  readonly agent: string;
};

/** An iteration's open span. */
export type IterationSpan = {
  /** W3C trace context of the span, for the gateway's {@link Identity} and the agent. Left out where no traces are made. */
  readonly traceparent?: string;
  /** Closes the span. Later calls do nothing. */
  readonly end: (outcome: IterationVerdict["type"]) => void;
};

/** Where an agent's own telemetry goes and belongs. */
export type AgentTelemetry = {
  /** Of the iteration's span. */
  readonly traceparent?: string;
  /** OTLP/HTTP base address as the agent's machine reaches it; where it is left out, the user's own. */
  readonly endpoint?: string;
  /** Resource attributes that mark the agent's telemetry, such as `cloister.run`. */
  readonly resource?: Readonly<Record<string, string>>;
};

/** Cloister's telemetry. */
export interface Telemetry {
  /** Turns what the gateway does into spans and metrics. */
  readonly gatewayObserver: GatewayObserver;
  /** Opens the span of an iteration, and before its first that of the run. */
  startIteration(identity: IterationIdentity): IterationSpan;
  /** Closes a run's span. Runs still open at shutdown are closed by it. */
  endRun(run: string, reason: EndReason): void;
  /** Variables that make an agent send its own telemetry to the same place. Empty unless the user asked for OTLP. */
  agentEnvironment(agent: string, telemetry: AgentTelemetry): Readonly<Record<string, string>>;
  /** All metrics in Prometheus' text format 0.0.4 ({@link PROMETHEUS_CONTENT_TYPE}). */
  renderPrometheus(): Promise<string>;
  /** Sends what is left, for 2 s at most. Never rejects. */
  shutdown(): Promise<void>;
}

/** The `content-type` of {@link Telemetry.renderPrometheus}. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
