export type { CredentialHealth, UpstreamHealth } from "./health.ts";
export { createLimitGate, type LimitGateOptions, type SharedLimitGate } from "./limit-gate.ts";
export type { RateLimitWindow, SeenLimits, SubscriptionStatus } from "./rate-limit-headers.ts";
