export { hideCredentialsFromProcess, withoutCredentials } from "./environment.ts";
export { findCredentialSources } from "./find-sources.ts";
export { findUpstreams } from "./upstreams.ts";
export type { Vault } from "./vault.ts";
export { openVault } from "./vault.ts";
