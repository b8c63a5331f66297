import type { PhysicalMemory } from "../../src/bus/port.ts";
import { MMIO } from "../../src/devices/virtio/mmio.ts";
import type { Random } from "../../src/testing/random.ts";
import { anyBytes, awkwardWord } from "./disturbance-plan.ts";

/** Where a driver put a queue: the lower halves of its addresses, and how many descriptors it has. */
type Rings = { size: number; descriptors: number; available: number; used: number };

const FIELDS: ReadonlyMap<number, keyof Rings> = new Map([
  [MMIO.queueSize, "size"],
  [MMIO.queueDescriptorsLow, "descriptors"],
  [MMIO.queueAvailableLow, "available"],
  [MMIO.queueUsedLow, "used"],
]);
const DESCRIPTOR_BYTES = 16;
const LONGEST_SCRIBBLE = 64;

/** Knows the rings of all queues from what drivers write to registers, and scribbles on them. */
export class DisturbedRings {
  readonly #memory: PhysicalMemory;
  readonly #random: Random;
  readonly #selected = new Map<number, number>();
  readonly #queues = new Map<string, Rings>();

  constructor(memory: PhysicalMemory, random: Random) {
    this.#memory = memory;
    this.#random = random;
  }

  /** A driver writes a register of a virtio device. @param base of the device's window */
  note(base: number, offset: number, value: number): void {
    if (offset === MMIO.queueSelect) this.#selected.set(base, value);
    const field = FIELDS.get(offset);
    if (field === undefined) return;
    const key = `${base}/${this.#selected.get(base) ?? 0}`;
    const rings = this.#queues.get(key) ?? { size: 0, descriptors: 0, available: 0, used: 0 };
    rings[field] = value;
    this.#queues.set(key, rings);
  }

  /** Scribbles on a few places of one queue: of those of the device at `base`, if it has any. */
  disturb(base: number): void {
    const own = [...this.#queues].filter(([key, { size }]) => key.startsWith(`${base}/`) && size > 0);
    if (own.length === 0) return;
    const [, rings] = this.#random.pick(own);
    for (let count = this.#random.between(1, 4); count > 0; count--) this.#scribble(rings);
  }

  /** Writes anywhere in RAM. */
  disturbMemory(): void {
    const length = this.#random.between(1, LONGEST_SCRIBBLE);
    this.#write(
      this.#memory.base + this.#random.below(this.#memory.sizeBytes - length),
      anyBytes(this.#random, length),
    );
  }

  #scribble(rings: Rings): void {
    const random = this.#random;
    const at = random.below(Math.min(rings.size, 1024));
    const descriptor = rings.descriptors + at * DESCRIPTOR_BYTES;
    const choices: readonly (() => void)[] = [
      () => this.#write(rings.used + 2, word(awkwardWord(random), 2)),
      () => this.#write(rings.used + 4 + at * 8, word(awkwardWord(random), 4)),
      () => this.#write(rings.used + 8 + at * 8, word(awkwardWord(random), 4)),
      () => this.#write(rings.available, word(awkwardWord(random), 2)),
      () => this.#write(rings.available + 2, word(awkwardWord(random), 2)),
      () => this.#write(rings.available + 4 + at * 2, word(awkwardWord(random), 2)),
      () => this.#write(descriptor, word(awkwardWord(random), 4)),
      () => this.#write(descriptor + 4, word(random.below(3), 4)),
      () => this.#write(descriptor + 8, word(awkwardWord(random), 4)),
      () => this.#write(descriptor + 12, word(random.below(8), 2)),
      () => this.#write(descriptor + 14, word(awkwardWord(random), 2)),
      () => this.#scribbleBuffer(descriptor),
      () => this.#scribbleBuffer(descriptor),
    ];
    random.pick(choices)();
  }

  /** What a descriptor leads to: a request, an answer, or a table of more descriptors. */
  #scribbleBuffer(descriptor: number): void {
    const bytes = this.#memory.readable(descriptor, DESCRIPTOR_BYTES);
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = Math.min(view.getUint32(8, true), 4096);
    const offset = this.#random.below(length + 1);
    const scribble = anyBytes(this.#random, this.#random.between(1, LONGEST_SCRIBBLE)).subarray(0, length - offset);
    this.#write(view.getUint32(0, true) + offset, scribble);
  }

  #write(address: number, bytes: Uint8Array): void {
    this.#memory.writable(address, bytes.length)?.set(bytes);
  }
}

function word(value: number, bytes: 2 | 4): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (value >>> (at * 8)) & 0xff);
}
