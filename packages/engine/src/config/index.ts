export type { Config, RetriedFailure } from "./config.ts";
export { toLoopPolicy } from "./config.ts";
export type { Origin } from "./config-layers.ts";
export { userConfigFile } from "./config-layers.ts";
export type { ConfigRow } from "./describe-config.ts";
export { describeConfig, describeConfigKeys } from "./describe-config.ts";
export type { ConfigFlags, ConfigSources, LoadedConfig } from "./load-config.ts";
export { loadConfig } from "./load-config.ts";
