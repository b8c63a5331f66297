/** The gateway's own door: commands that serve none do not load it. */
export { findCredentialSources } from "./credentials/find-sources.ts";
export { describeSource } from "./credentials/secret.ts";
export type { FoundCredential } from "./standalone/open-origin.ts";
export type { GatewayTotals, OnRow } from "./standalone/request-history.ts";
export type { StandaloneGateway, StandaloneOptions } from "./standalone/start-standalone.ts";
export { startStandaloneGateway } from "./standalone/start-standalone.ts";
