import { z } from "zod";
import { configSchema } from "./config-schema.ts";

/** One setting: what cannot be taken apart further. */
export type ConfigKey = {
  /** As in `cloister.yaml`: `["limits", "maxCost"]`. */
  readonly path: readonly string[];
  /** The path as people write it: `limits.maxCost`. */
  readonly name: string;
  /** The environment variable that sets it: `CLOISTER_LIMITS_MAX_COST`, unless the schema names another. */
  readonly variable: string;
  readonly description: string;
  readonly schema: z.ZodType;
};

/** Every setting, in the order of the documentation. The schema is the only list of them. */
export const CONFIG_KEYS: readonly ConfigKey[] = collectKeys(configSchema, []);

function collectKeys(schema: z.ZodType, path: readonly string[]): ConfigKey[] {
  const shape = shapeOf(schema);
  if (shape !== undefined) return Object.entries(shape).flatMap(([key, inner]) => collectKeys(inner, [...path, key]));
  const name = path.join(".");
  const named = schema.meta()?.["variable"];
  const variable = typeof named === "string" ? named : `CLOISTER_${path.map(toConstantCase).join("_")}`;
  return [{ path, name, variable, description: schema.description ?? "", schema }];
}

/** The settings of an object, whatever it is wrapped in; undefined where the schema is no object. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  if (schema instanceof z.ZodOptional) return shapeOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in as z.ZodType);
  return schema instanceof z.ZodObject ? schema.shape : undefined;
}

function toConstantCase(key: string): string {
  return key.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}
