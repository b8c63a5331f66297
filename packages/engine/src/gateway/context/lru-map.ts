/** A map that forgets what was not used for long. */
export type LruMap<Value> = {
  /** The value of `key`, which counts as a use. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
};

/**
 * Entries are not kept in order: to move one at each use costs more than all else. They are in two generations, and once the young one
 * is full, the old one is forgotten.
 * @param limit ≥ 1: so many entries that were used last are there, and twice as many at most.
 */
export function createLruMap<Value>(limit: number): LruMap<Value> {
  let [young, old] = [new Map<string, Value>(), new Map<string, Value>()];
  const put = (key: string, value: Value): void => {
    if (young.size >= limit && !young.has(key)) [young, old] = [new Map(), young];
    young.set(key, value);
  };
  return {
    get: (key) => {
      const known = young.get(key);
      if (known !== undefined) return known;
      const aged = old.get(key);
      if (aged !== undefined) put(key, aged);
      return aged;
    },
    set: put,
  };
}
