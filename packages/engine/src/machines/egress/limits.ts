import type { EgressLimits } from "./port.ts";

/** Bounds where nobody says otherwise. Silence is long: models think, and builds poll. */
export const DEFAULT_EGRESS_LIMITS: EgressLimits = {
  connections: 256,
  headMs: 30_000,
  connectMs: 10_000,
  idleMs: 15 * 60_000,
  wholeMs: 12 * 3_600_000,
};

/** Bytes of a request's head, or of a TLS handshake's first message. */
export const MAX_HEAD_BYTES: number = 32 * 1024;
