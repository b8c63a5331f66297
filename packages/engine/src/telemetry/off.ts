import type { Telemetry } from "./port.ts";

/** Telemetry of a user who asked for none. */
export const NO_TELEMETRY: Telemetry = {
  gatewayObserver: {},
  startIteration: () => ({ end: () => undefined }),
  endRun: () => undefined,
  agentEnvironment: () => ({}),
  renderPrometheus: () => Promise.resolve("# telemetry is off\n"),
  shutdown: () => Promise.resolve(),
};
