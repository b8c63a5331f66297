import type { Identity } from "../port.ts";

/** Whose turn an item waits for. */
export type Turn = Pick<Identity, "run" | "iteration">;

/**
 * A queue that serves runs in turn, in a run its iterations in turn, and in an iteration first come, first served: a run with a thousand
 * requests delays another by one request at a time. Every operation takes constant time.
 *
 * Maps keep the order of insertion, so each is a ring: its first key is next, and goes to the end once served.
 */
export class FairQueue<Item> {
  readonly #runs = new Map<string, Map<number, Set<Item>>>();
  #size = 0;

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds an item, which must not be in the queue. */
  push({ run, iteration }: Turn, item: Item): void {
    const iterations = this.#runs.get(run) ?? new Map<number, Set<Item>>();
    const items = iterations.get(iteration) ?? new Set<Item>();
    this.#runs.set(run, iterations.set(iteration, items.add(item)));
    this.#size += 1;
  }

  /** Takes out the item whose turn it is; undefined where none waits. */
  shift(): Item | undefined {
    for (const [run, iterations] of this.#runs) {
      for (const [iteration, items] of iterations) {
        for (const item of items) {
          this.#drop(items, item);
          moveToEnd(iterations, iteration);
          moveToEnd(this.#runs, run);
          return item;
        }
      }
    }
    return undefined;
  }

  /** Takes out an item that waits no longer. Does nothing where it is not in the queue. */
  remove({ run, iteration }: Turn, item: Item): void {
    const iterations = this.#runs.get(run);
    const items = iterations?.get(iteration);
    if (iterations === undefined || items === undefined || !this.#drop(items, item)) return;
    if (items.size === 0) iterations.delete(iteration);
    if (iterations.size === 0) this.#runs.delete(run);
  }

  #drop(items: Set<Item>, item: Item): boolean {
    const dropped = items.delete(item);
    if (dropped) this.#size -= 1;
    return dropped;
  }
}

/** Empty collections leave the ring: a run that comes back joins at its end. */
function moveToEnd<Key>(ring: Map<Key, { readonly size: number }>, key: Key): void {
  const value = ring.get(key);
  ring.delete(key);
  if (value !== undefined && value.size > 0) ring.set(key, value);
}
