import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { GatewayPolicy } from "../gateway/policy.ts";
import type { Config } from "./config.ts";
import type { MachineSettings } from "./machine-fields.ts";
import { CONFIG_KEYS } from "./config-keys.ts";
import { readEnvironment, readFileLayer, toLayer, userConfigFile, type Layer, type Origin } from "./config-layers.ts";
import { configSchema, type PartialConfig } from "./config-schema.ts";
import { defaultConfig } from "./default-config.ts";
import { compact } from "./fields.ts";

/** A repository, and an agent that works in it, must not decide where the user's credentials come from and go to, nor what a machine may reach, nor which runs it sees. */
const USER_ONLY: readonly string[] = [
  "gateway.credentials",
  "gateway.upstreams",
  "machine.allowHosts",
  "machine.secrets",
  "machine.mounts",
  "machine.copyCredentials",
  "machine.perMachine",
];

/** What flags of the command line set, already parsed: times in milliseconds, money in micro-dollars. */
export type ConfigFlags = Partial<Pick<Config, "agent" | "agentCommand" | "model" | "inPlace" | "limits">> & {
  readonly gateway?: Partial<Pick<GatewayPolicy, "use">>;
  readonly machine?: Partial<MachineSettings>;
};

/** Where to look for the configuration. */
export type ConfigSources = {
  /** Root of the repository (absolute). Undefined outside of one. */
  readonly repository: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder (absolute). */
  readonly home: string;
  readonly flags?: ConfigFlags;
};

/** The effective configuration, and where each setting came from, by name (`limits.maxCost`). */
export type LoadedConfig = {
  readonly values: Config;
  readonly origins: Readonly<Record<string, Origin>>;
  /** Each setting as it was written, by name. */
  readonly written: Readonly<Record<string, unknown>>;
};

/**
 * Loads the configuration: flags over environment over `cloister.yaml` over the user's file over defaults, setting by setting.
 * @throws CloisterError `config_invalid` with file and line, or the variable's name.
 */
export function loadConfig({ repository, env, home, flags = {} }: ConfigSources): LoadedConfig {
  const environment = readEnvironment(env);
  const layers = [
    toLayer(defaultConfig(), () => ({ layer: "default" })),
    readFileLayer("user", userConfigFile(env, home)),
    repository === undefined ? new Map() : readRepository(repository),
    environment,
  ];
  const settings = overlay([...layers, toFlagLayer(flags)]);
  return {
    values: withFlags(parseLayer(overlay(layers)), flags, parseLayer(environment)),
    origins: Object.fromEntries([...settings].map(([name, { origin }]) => [name, origin])),
    written: Object.fromEntries([...settings].map(([name, { value }]) => [name, value])),
  };
}

/** Later layers win, setting by setting. */
function overlay(layers: readonly Layer[]): Layer {
  return new Map(layers.flatMap((layer) => [...layer]));
}

function withFlags(values: PartialConfig, flags: ConfigFlags, environment: PartialConfig): Config {
  const limits = { ...values.limits, ...flags.limits };
  const gateway = { ...values.gateway, ...flags.gateway };
  const machine = withMachineFlags(values.machine, flags.machine);
  const flagLimits = { ...environment.limits, ...flags.limits };
  // The layer of defaults holds every setting that Config does not leave open; a test compares the two.
  return {
    gates: undefined,
    setup: undefined,
    ...values,
    ...compact(flags),
    limits,
    flagLimits,
    gateway,
    machine,
  } as Config;
}

/** Hosts are added; another driver does not take over the image. */
function withMachineFlags(values: PartialConfig["machine"], flags: ConfigFlags["machine"] = {}): object {
  const { image, ...rest } = values ?? {};
  const kept = image === undefined || (flags.driver !== undefined && flags.driver !== rest.driver) ? {} : { image };
  return { ...rest, ...kept, ...flags, allowHosts: [...(rest.allowHosts ?? []), ...(flags.allowHosts ?? [])] };
}

function readRepository(root: string): Layer {
  const layer = readFileLayer("repository", join(root, "cloister.yaml"), "cloister.yaml");
  for (const name of USER_ONLY) assertAbsent(layer, name);
  return layer;
}

function assertAbsent(layer: Layer, name: string): void {
  const setting = layer.get(name);
  if (setting === undefined) return;
  const [file = "", line = "1"] = setting.origin.place?.split(":") ?? [];
  const message = `${name}: expected nowhere but in the user's own configuration, found in the repository's.`;
  const remedy = "Move it to cloister/config.yaml in $XDG_CONFIG_HOME, or in ~/.config.";
  throw new CloisterError({ code: "config_invalid", message, remedy, file, line: Number(line) });
}

/** Settings back in the nested shape, parsed. They were each checked where they were read. */
function parseLayer(layer: Layer): PartialConfig {
  const root: Record<string, unknown> = {};
  for (const { path, name } of CONFIG_KEYS) {
    const setting = layer.get(name);
    if (setting !== undefined) setIn(root, path, setting.value);
  }
  return configSchema.parse(root);
}

function setIn(root: Record<string, unknown>, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) root[key] = value;
  else setIn((root[key] ??= {}) as Record<string, unknown>, rest, value);
}

/** Flags as settings, under the names that files use for them: `maxRuntimeMs` is `limits.maxRuntime` there. */
function toFlagLayer({ limits = {}, ...rest }: ConfigFlags): Layer {
  const named = Object.fromEntries(Object.entries(limits).map(([key, value]) => [key.replace(/Ms$/, ""), value]));
  return toLayer({ ...rest, limits: named }, () => ({ layer: "flag" }));
}
