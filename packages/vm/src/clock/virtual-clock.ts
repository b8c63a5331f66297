import type { Clock } from "../bus/port.ts";

type Timer = { readonly at: number; readonly callback: () => void };

/** The machine's time: stands still until it is moved on, or follows a time that goes on by itself. */
export class VirtualClock implements Clock {
  #now = 0;
  #source: (() => number) | undefined;
  /** By time; those of the same time in the order in which they were asked for. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#source === undefined ? this.#now : Math.max(this.#now, this.#source());
  }

  /**
   * From now on the time goes on by itself between two `moveTo`, too: a guest that waits for a time to come must see it come. Nobody is
   * called back before `moveTo`.
   * @param source tells the machine's time, in ns, and never goes back; undefined: the time stands still again
   */
  follow(source: (() => number) | undefined): void {
    this.#source = source;
  }

  schedule(at: number, callback: () => void): () => void {
    const timer = { at, callback };
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > at) index--;
    this.#timers.splice(index, 0, timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place !== -1) this.#timers.splice(place, 1);
    };
  }

  /** Time of the next timer, in ns; Infinity where there is none. */
  next(): number {
    return this.#timers[0]?.at ?? Infinity;
  }

  /** Moves on, never back, and calls those whose time has come; each once, also where they ask to be called at once again. */
  moveTo(now: number): void {
    this.#now = Math.max(this.#now, now);
    if ((this.#timers[0]?.at ?? Infinity) > this.#now) return;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    for (const timer of due) {
      const place = this.#timers.indexOf(timer);
      if (place === -1) continue; // One before it has taken it back.
      this.#timers.splice(place, 1);
      timer.callback();
    }
  }

  /** Sets the time of a restored machine. Timers are those of its devices to ask for again. */
  restore(now: number): void {
    this.#now = now;
    this.#timers.length = 0;
  }
}
