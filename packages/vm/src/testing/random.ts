/** Random numbers that come again with the same seed (Mulberry32). */
export class Random {
  #state: number;

  /** @param seeds whole numbers; each combination gives a stream of its own */
  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e37_79b9;
    for (const seed of seeds) this.#state = mix(this.#state ^ seed);
  }

  /** 0 to 2^32 − 1. */
  word(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    return mix(this.#state);
  }

  /** 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor((this.word() / 2 ** 32) * count);
  }

  /** `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with a probability of `percent` in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("expected a list with something in it");
    return item;
  }

  /** 64 bits. */
  doubleword(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 15), value | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
