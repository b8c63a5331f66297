import { readBytes, readNested } from "../../bus/device-state.ts";
import type { AccessSize, BusDevice, DeviceState, InterruptLine } from "../../bus/port.ts";
import { createSourceSet, SOURCE_COUNT, SOURCE_SET_BYTES, SOURCE_WORDS, type SourceSet } from "./source-set.ts";

/** Bytes of the window: what the map of contexts needs on QEMU's `virt` board. */
export const PLIC_WINDOW_BYTES = 0x60_0000;

/** Platform-level interrupt controller. */
export interface Plic extends BusDevice {
  /** A source's wire. @param source 1 to 95 */
  line(source: number): InterruptLine;
}

/** What a controller is made with. */
export type PlicOptions = {
  readonly name: string;
  /** Where each context (a hart in one mode) is told that something is pending for it. */
  readonly contexts: readonly InterruptLine[];
};

// RISC-V Platform-Level Interrupt Controller Specification 1.0.0, chapter "Memory Map".
const PENDING = 0x1000;
const ENABLE = 0x2000;
const ENABLE_STRIDE = 0x80;
const CONTEXT = 0x20_0000;
const CONTEXT_STRIDE = 0x1000;
const THRESHOLD = 0;
const CLAIM = 4;

/** Priorities and thresholds have three bits (SiFive FU540-C000 manual, chapter 10). */
const PRIORITY_MASK = 7;

type Context = { readonly line: InterruptLine; readonly enabled: SourceSet; threshold: number };

/**
 * Makes the SiFive PLIC of QEMU's `virt` board: 95 level-triggered sources, priorities 0 (never) to 7.
 * @see RISC-V Platform-Level Interrupt Controller Specification 1.0.0
 */
export function createPlic(options: PlicOptions): Plic {
  return new PlicDevice(options);
}

class PlicDevice implements Plic {
  readonly name: string;
  readonly #contexts: readonly Context[];
  readonly #priority = new Uint8Array(SOURCE_COUNT);
  /** The wires, as the devices drive them. */
  readonly #level = createSourceSet();
  /** Requests that the gateways passed on, until claimed. */
  readonly #pending = createSourceSet();
  /** Claimed and not completed: the gateway holds further requests back (chapter "Interrupt Gateways"). */
  readonly #inService = createSourceSet();

  constructor({ name, contexts }: PlicOptions) {
    this.name = name;
    this.#contexts = contexts.map((line) => ({ line, enabled: createSourceSet(), threshold: 0 }));
  }

  line(source: number): InterruptLine {
    return {
      set: (high) => {
        if (this.#level.has(source) === high) return;
        this.#level.set(source, high);
        // A request that was passed on is not taken back when the wire falls.
        if (high) this.#request(source);
      },
    };
  }

  read(offset: number, size: AccessSize): number {
    if (size !== 4 || offset % 4 !== 0) return 0;
    if (offset < PENDING) return this.#priority[offset / 4] ?? 0;
    if (offset < ENABLE) return wordAt(this.#pending, (offset - PENDING) / 4);
    if (offset < CONTEXT) {
      const context = this.#contexts[Math.floor((offset - ENABLE) / ENABLE_STRIDE)];
      return context === undefined ? 0 : wordAt(context.enabled, (offset % ENABLE_STRIDE) / 4);
    }
    return this.#readContext(offset - CONTEXT);
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0) return;
    if (offset < PENDING) this.#writePriority(offset / 4, value);
    else if (offset >= CONTEXT) this.#writeContext(offset - CONTEXT, value);
    else if (offset >= ENABLE) this.#writeEnable(offset - ENABLE, value);
    this.#update();
  }

  reset(): void {
    this.#priority.fill(0);
    for (const set of [this.#level, this.#pending, this.#inService]) set.fill();
    for (const context of this.#contexts) {
      context.enabled.fill();
      context.threshold = 0;
    }
    this.#update();
  }

  save(): DeviceState {
    return {
      priority: this.#priority.slice(),
      level: this.#level.bytes(),
      pending: this.#pending.bytes(),
      inService: this.#inService.bytes(),
      thresholds: Uint8Array.from(this.#contexts, ({ threshold }) => threshold),
      enabled: Object.fromEntries(this.#contexts.map(({ enabled }, index) => [index, enabled.bytes()])),
    };
  }

  restore(state: DeviceState): void {
    const thresholds = readBytes(state, "thresholds", this.#contexts.length);
    const priorities = readBytes(state, "priority", SOURCE_COUNT);
    const enabled = readNested(state, "enabled");
    this.#priority.set(priorities.map((priority) => priority & PRIORITY_MASK));
    this.#level.fill(readBytes(state, "level", SOURCE_SET_BYTES));
    this.#pending.fill(readBytes(state, "pending", SOURCE_SET_BYTES));
    this.#inService.fill(readBytes(state, "inService", SOURCE_SET_BYTES));
    for (const [index, context] of this.#contexts.entries()) {
      context.threshold = (thresholds[index] ?? 0) & PRIORITY_MASK;
      context.enabled.fill(readBytes(enabled, String(index), SOURCE_SET_BYTES));
    }
    this.#update();
  }

  /** The gateway: passes a high wire on, unless one of its requests is being served. */
  #request(source: number): void {
    if (!this.#level.has(source) || this.#inService.has(source)) return;
    this.#pending.set(source, true);
    this.#update();
  }

  #update(): void {
    for (const context of this.#contexts) context.line.set(this.#best(context.enabled, context.threshold) !== 0);
  }

  /** The pending source of the highest priority above the threshold, the lowest number among equals; 0 for none. */
  #best(enabled: SourceSet, threshold: number): number {
    let best = 0;
    let highest = threshold;
    for (let index = 0; index < SOURCE_WORDS; index++) {
      for (let left = this.#pending.word(index) & enabled.word(index); left !== 0; left &= left - 1) {
        const source = index * 32 + 31 - Math.clz32(left & -left);
        const priority = this.#priority[source] ?? 0;
        if (priority <= highest) continue;
        best = source;
        highest = priority;
      }
    }
    return best;
  }

  #writePriority(source: number, value: number): void {
    if (source > 0 && source < SOURCE_COUNT) this.#priority[source] = value & PRIORITY_MASK;
  }

  #writeEnable(offset: number, value: number): void {
    const context = this.#contexts[Math.floor(offset / ENABLE_STRIDE)];
    const index = (offset % ENABLE_STRIDE) / 4;
    // Source 0 means "none": its bit stays clear.
    if (index < SOURCE_WORDS) context?.enabled.setWord(index, index === 0 ? value & ~1 : value);
  }

  #readContext(offset: number): number {
    const context = this.#contexts[Math.floor(offset / CONTEXT_STRIDE)];
    if (context === undefined) return 0;
    const register = offset % CONTEXT_STRIDE;
    if (register === THRESHOLD) return context.threshold;
    return register === CLAIM ? this.#claim(context) : 0;
  }

  #writeContext(offset: number, value: number): void {
    const context = this.#contexts[Math.floor(offset / CONTEXT_STRIDE)];
    if (context === undefined) return;
    const register = offset % CONTEXT_STRIDE;
    if (register === THRESHOLD) context.threshold = value & PRIORITY_MASK;
    else if (register === CLAIM) this.#complete(context, value);
  }

  /** The claim ignores the threshold (chapter "Interrupt Claim Process"), so that software may poll with notification off. */
  #claim({ enabled }: Context): number {
    const source = this.#best(enabled, 0);
    if (source === 0) return 0;
    this.#pending.set(source, false);
    this.#inService.set(source, true);
    this.#update();
    return source;
  }

  #complete({ enabled }: Context, source: number): void {
    // A number that isn't enabled for this context is ignored (chapter "Interrupt Completion").
    if (source >= SOURCE_COUNT || !enabled.has(source)) return;
    this.#inService.set(source, false);
    this.#request(source);
  }
}

function wordAt(set: SourceSet, index: number): number {
  return index < SOURCE_WORDS ? set.word(index) : 0;
}
