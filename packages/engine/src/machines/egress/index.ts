/** The one way out of a machine. */
export type { Egress, EgressDecision, EgressDoor, EgressLimits, EgressOptions, EgressRefusal } from "./port.ts";
export { createEgress } from "./create-egress.ts";
export { hostTrustBundle } from "./trust.ts";
