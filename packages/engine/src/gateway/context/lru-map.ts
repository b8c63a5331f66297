/** A map that forgets what was not used for long. */
export type LruMap<Value, Key = string> = {
  /** The value of `key`, which counts as a use. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
};

/**
 * Entries are not kept in order: to move one at each use costs more than all else. They are in two generations, and once the young one
 * is full, the old one is forgotten.
 * @param limit ≥ 1: so many entries that were used last are there, and twice as many at most.
 * @param weigh what an entry counts for, where that is not 1; ≥ 0.
 */
export function createLruMap<Value, Key = string>(
  limit: number,
  weigh: (value: Value) => number = () => 1,
): LruMap<Value, Key> {
  let [young, old] = [new Map<Key, Value>(), new Map<Key, Value>()];
  let weight = 0;
  const put = (key: Key, value: Value): void => {
    const before = young.get(key);
    weight += weigh(value) - (before === undefined ? 0 : weigh(before));
    if (weight > limit && young.size > 0 && before === undefined) {
      [young, old] = [new Map(), young];
      weight = weigh(value);
    }
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
