/** A map that forgets what was not used for the longest time. */
export type LruMap<Value> = {
  /** The value of `key`, which counts as a use. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
};

/** @param limit entries at most, ≥ 1. */
export function createLruMap<Value>(limit: number): LruMap<Value> {
  // A Map keeps the order of insertion: the first key is always the one unused for the longest time.
  const entries = new Map<string, Value>();
  const put = (key: string, value: Value): void => {
    entries.delete(key);
    entries.set(key, value);
  };
  return {
    get: (key) => {
      const value = entries.get(key);
      if (value !== undefined) put(key, value);
      return value;
    },
    set: (key, value) => {
      put(key, value);
      const oldest = entries.keys().next();
      if (entries.size > limit && oldest.done !== true) entries.delete(oldest.value);
    },
  };
}
