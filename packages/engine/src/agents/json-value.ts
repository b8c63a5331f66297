/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` as an object; undefined where it is anything else (an array, too). */
export function toObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** What is found in `value` by going down `path`; undefined where the path ends early. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    const object = toObject(current);
    if (object === undefined || !Object.hasOwn(object, key)) return undefined;
    current = object[key];
  }
  return current;
}

/** The object at `path`; empty where there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  return toObject(valueAt(value, path)) ?? {};
}

/** The text at `path`; undefined where there is none or it is empty. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The array at `path`; empty where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** The number at `path`; undefined where there is none, or it is negative or not finite. */
export function amountAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  return typeof found === "number" && found >= 0 && found <= Number.MAX_SAFE_INTEGER ? found : undefined;
}

/** The whole number at `path`; 0 where there is none. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  return Math.round(amountAt(value, ...path) ?? 0);
}

/** Tells whether `true` is at `path`. */
export function isTrueAt(value: unknown, ...path: readonly string[]): boolean {
  return valueAt(value, path) === true;
}
