import { CONFIG_KEYS } from "./config-keys.ts";
import { defaultConfig } from "./default-config.ts";
import type { LoadedConfig } from "./load-config.ts";
import { valueAt } from "./validate.ts";

/** One line of `cloister config`. */
export type ConfigRow = {
  /** As in `limits.maxCost`. */
  readonly key: string;
  /** As it is written; empty where it is not set. */
  readonly value: string;
  /** `flag`, `default`, `not set`, a variable's name, or a file and line. */
  readonly from: string;
};

/** Every setting with its effective value and where that came from. */
export function describeConfig({ origins, written }: LoadedConfig): ConfigRow[] {
  return CONFIG_KEYS.map(({ name }) => {
    const origin = origins[name];
    return { key: name, value: toText(written[name]), from: origin?.place ?? origin?.layer ?? "not set" };
  });
}

/** Every setting as a row of a Markdown table: key, default, variable, meaning. */
export function describeConfigKeys(): string {
  const defaults = defaultConfig();
  const rows = CONFIG_KEYS.map(({ name, path, variable, description }) => {
    const value = toText(valueAt(defaults, path));
    return `| \`${name}\` | ${value === "" ? "" : `\`${value}\``} | \`${variable}\` | ${description} |`;
  });
  return ["| key | default | variable | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}
