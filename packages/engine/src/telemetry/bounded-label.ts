import { OTHER } from "./semantic-conventions.ts";

/** Different values of one label that are kept apart. */
const MAX_VALUES = 64;
/** Characters of a value. */
const MAX_LENGTH = 100;

/**
 * Keeps a metric's label from growing without bound: models' names come from agents, and each new one is a new time series for ever.
 * @returns the value, or `_OTHER` where it is too long or there are too many already
 */
export function createBoundedLabel(): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (value === "" || value.length > MAX_LENGTH || seen.size >= MAX_VALUES) return OTHER;
    seen.add(value);
    return value;
  };
}
