/** Chains of descriptors (virtio 1.2, section 2.7.5), followed without trust in them. */

import type { PhysicalMemory } from "../../bus/port.ts";
import { CHAIN_DESCRIPTORS_MAX, type Chain } from "./port.ts";

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const DESCRIPTOR_BYTES = 16;

/** Beyond what a number holds exactly, and beyond any RAM. */
const ADDRESS_HIGH_END = 0x20_0000;

type Descriptor = { readonly address: number; readonly length: number; readonly flags: number; readonly next: number };

type ChainLimits = {
  readonly memory: PhysicalMemory;
  readonly indirect: boolean;
  /** Bytes to read and to write together. */
  readonly chainBytesMax: number;
};

/** @returns undefined where the index is outside the table; an address that is beyond all RAM becomes -1 */
function readDescriptor(table: DataView, index: number): Descriptor | undefined {
  const at = index * DESCRIPTOR_BYTES;
  if (at + DESCRIPTOR_BYTES > table.byteLength) return undefined;
  const high = table.getUint32(at + 4, true);
  return {
    address: high < ADDRESS_HIGH_END ? high * 0x1_0000_0000 + table.getUint32(at, true) : -1,
    length: table.getUint32(at + 8, true),
    flags: table.getUint16(at + 12, true),
    next: table.getUint16(at + 14, true),
  };
}

/** The table that an indirect descriptor stands for. Indirect ones neither nest nor have a follower (section 2.7.5.3.1). */
function indirectTable(descriptor: Descriptor, limits: ChainLimits): DataView | undefined {
  const { address, length, flags } = descriptor;
  const sound = limits.indirect && (flags & NEXT) === 0 && length > 0 && length % DESCRIPTOR_BYTES === 0;
  if (!sound || length > CHAIN_DESCRIPTORS_MAX * DESCRIPTOR_BYTES) return undefined;
  const bytes = limits.memory.readable(address, length);
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class ChainBuilder {
  readonly #limits: ChainLimits;
  readonly #readable: Uint8Array[] = [];
  readonly #writable: Uint8Array[] = [];
  #readableBytes = 0;
  #writableBytes = 0;

  constructor(limits: ChainLimits) {
    this.#limits = limits;
  }

  /** @returns false where the descriptor makes the chain unsound: outside RAM, empty, too much, or to be read after one to be written */
  add(descriptor: Descriptor): boolean {
    const { address, length, flags } = descriptor;
    const total = this.#readableBytes + this.#writableBytes + length;
    if (length === 0 || total > this.#limits.chainBytesMax) return false;
    return (flags & WRITE) === 0 ? this.#addReadable(address, length) : this.#addWritable(address, length);
  }

  finish(head: number): Chain {
    return {
      head,
      readable: this.#readable,
      readableBytes: this.#readableBytes,
      writable: this.#writable,
      writableBytes: this.#writableBytes,
    };
  }

  #addReadable(address: number, length: number): boolean {
    const view = this.#writable.length > 0 ? undefined : this.#limits.memory.readable(address, length);
    if (view === undefined) return false;
    this.#readable.push(view);
    this.#readableBytes += length;
    return true;
  }

  #addWritable(address: number, length: number): boolean {
    const view = this.#limits.memory.writable(address, length);
    if (view === undefined) return false;
    this.#writable.push(view);
    this.#writableBytes += length;
    return true;
  }
}

/**
 * Follows a chain from its head.
 * @param table the queue's descriptors
 * @returns undefined where the chain is unsound: it loops, is too long or too large, leaves RAM, or has indirect descriptors at a wrong place
 */
export function openChain(table: DataView, head: number, limits: ChainLimits): Chain | undefined {
  const builder = new ChainBuilder(limits);
  let current = table;
  let index = head;
  for (let count = 0; count < CHAIN_DESCRIPTORS_MAX; count++) {
    const descriptor = readDescriptor(current, index);
    if (descriptor === undefined) return undefined;
    if ((descriptor.flags & INDIRECT) !== 0) {
      const inner = current === table ? indirectTable(descriptor, limits) : undefined;
      if (inner === undefined) return undefined;
      current = inner;
      index = 0;
      continue;
    }
    if (!builder.add(descriptor)) return undefined;
    if ((descriptor.flags & NEXT) === 0) return builder.finish(head);
    index = descriptor.next;
  }
  return undefined;
}
