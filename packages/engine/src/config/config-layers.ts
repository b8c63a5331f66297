/** The places that settings come from, each read into the same shape: a value and its origin, by setting. */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { CloisterError } from "@cloister/core";
import { parse } from "yaml";
import { CONFIG_KEYS, type ConfigKey } from "./config-keys.ts";
import { configSchema } from "./config-schema.ts";
import { parseYaml } from "./located.ts";
import { cleanSource, readSource } from "./source-text.ts";
import { suggest } from "./suggest.ts";
import { check, describeComplaint, validate, valueAt } from "./validate.ts";

const MAX_CONFIG_BYTES = 1024 * 1024;
/** Told by Cloister to the processes that it starts, and so there when one of them starts Cloister; one letter from a setting's. */
const OWN_VARIABLES: readonly string[] = ["CLOISTER_GATE"];

/** Where a value came from. */
export type Origin = {
  readonly layer: "flag" | "environment" | "repository" | "user" | "default";
  /** A file and line, or a variable's name. */
  readonly place?: string;
};

/** A value as it was written, and where. */
export type Setting = { readonly value: unknown; readonly origin: Origin };
/** Settings of one place, by name (`limits.maxCost`). */
export type Layer = ReadonlyMap<string, Setting>;

/** The user's configuration file: below `XDG_CONFIG_HOME`, or `.config` in the home folder. */
export function userConfigFile(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const base = env["XDG_CONFIG_HOME"];
  const folder = base !== undefined && isAbsolute(base) ? base : join(home, ".config");
  return join(folder, "cloister", "config.yaml");
}

/**
 * Reads a configuration file; one that is not there says nothing.
 * @throws CloisterError `config_invalid` with file and line.
 */
export function readFileLayer(layer: "repository" | "user", path: string, shown: string = path): Layer {
  if (!existsSync(path)) return new Map();
  const source = cleanSource(readSource({ code: "config_invalid", file: shown }, path, MAX_CONFIG_BYTES));
  const located = parseYaml(source);
  if (located.value === null) return new Map();
  validate(configSchema, located);
  return toLayer(located.value, (key) => ({ layer, place: `${shown}:${located.lineOf(key.path)}` }));
}

/** Every setting that a nested value holds. */
export function toLayer(value: unknown, originOf: (key: ConfigKey) => Origin): Layer {
  const settings = CONFIG_KEYS.map((key) => [key, valueAt(value, key.path)] as const);
  const present = settings.filter(([, setting]) => setting !== undefined);
  return new Map(present.map(([key, setting]) => [key.name, { value: setting, origin: originOf(key) }]));
}

/**
 * Reads `CLOISTER_…` variables: as text where the setting takes text, otherwise as YAML. Empty ones say nothing.
 * @throws CloisterError `config_invalid` for a bad value, and for a name that was nearly right: a limit that is not in force costs money.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Layer {
  const known = CONFIG_KEYS.map(({ variable }) => variable);
  for (const name of Object.keys(env)) assertNoSlip(name, known);
  const layer = new Map<string, Setting>();
  for (const key of CONFIG_KEYS) {
    const text = env[key.variable];
    if (text === undefined || text === "") continue;
    layer.set(key.name, { value: readVariable(key, text), origin: { layer: "environment", place: key.variable } });
  }
  return layer;
}

function assertNoSlip(name: string, known: readonly string[]): void {
  if (!name.startsWith("CLOISTER_") || known.includes(name) || OWN_VARIABLES.includes(name)) return;
  const end = name.slice("CLOISTER".length);
  const meant = suggest(name, known) ?? known.find((variable) => variable.endsWith(end));
  if (meant === undefined) return;
  const message = `expected ${meant}, found ${name} in the environment.`;
  throw new CloisterError({ code: "config_invalid", message, remedy: "Rename or unset it." });
}

function readVariable({ schema, variable }: ConfigKey, text: string): unknown {
  if ("value" in check(schema, text)) return text;
  const value = parseOrText(text);
  const result = check(schema, value);
  if ("value" in result) return value;
  const [complaint] = result.complaints;
  const message = `${variable}: ${complaint === undefined ? "expected another value." : describeComplaint(complaint)}`;
  throw new CloisterError({ code: "config_invalid", message, remedy: "Change or unset it." });
}

function parseOrText(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text; // No YAML either: the schema says what was expected instead.
  }
}
