import { asObject, asText, type JsonObject } from "./json.ts";

/** Deeper schemas than any tool has: what stops a schema that holds itself. */
const MAX_DEPTH = 16;

/**
 * The plainest value that fits a JSON Schema: required properties alone, the first of an enumeration, the least number.
 * For requests that want JSON of a shape, and for inputs that a tool requires and a script does not name.
 * Understands OpenAPI's upper-case type names too.
 */
export function sampleOfSchema(schema: JsonObject, text: string = "ok", depth: number = 0): unknown {
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const choice = Array.isArray(schema["anyOf"]) ? schema["anyOf"][0] : undefined;
  if (choice !== undefined && depth < MAX_DEPTH) return sampleOfSchema(asObject(choice), text, depth + 1);
  const type = asText(Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"], "object").toLowerCase();
  if (type === "object") return sampleOfObject(schema, text, depth);
  return toScalars(schema, text)[type] ?? null;
}

/** The plainest value of each type that has no properties. A number is 1 where no least is named: scores begin there. */
function toScalars({ minimum }: JsonObject, text: string): Readonly<Record<string, unknown>> {
  const number = typeof minimum === "number" ? minimum : 1;
  return { string: text, number, integer: number, boolean: false, array: [] };
}

function sampleOfObject(schema: JsonObject, text: string, depth: number): JsonObject {
  const properties = asObject(schema["properties"]);
  if (depth >= MAX_DEPTH || !Array.isArray(schema["required"])) return {};
  const names = schema["required"].filter((name) => typeof name === "string");
  return Object.fromEntries(names.map((name) => [name, sampleOfSchema(asObject(properties[name]), text, depth + 1)]));
}
