import type { PhysicalMemory } from "../bus/port.ts";
import { VmError } from "../error.ts";
import { RAM_BASE, RAM_OFFSET } from "./layout.ts";

/** Bytes of a page, of the guest's and of dirty tracking. */
export const PAGE_BYTES = 4096;

/** The guest's RAM, with an account of the pages that were written. Pages are numbered by physical address / 4096. */
export interface GuestMemory extends PhysicalMemory {
  /**
   * The guest itself is about to write to a page. To be called when the page enters a write look-aside buffer; a page in there is
   * written without notice, so those buffers have to be emptied after `takeDirty`.
   */
  markDirty(page: number): void;
  /** The pages written since the last call, ascending. */
  takeDirty(): Uint32Array<ArrayBuffer>;
}

/** What physical memory is made of. */
export type PhysicalMemoryOptions = {
  /** The engine's memory: RAM lies at RAM_OFFSET. It must not grow afterwards, as that would detach the views of it. */
  readonly memory: WebAssembly.Memory;
  /** Of RAM: a positive multiple of 4096 that the memory has room for. */
  readonly sizeBytes: number;
  /** A device writes to a page: what was translated from it is to be forgotten. */
  readonly onWrite: (page: number) => void;
};

/**
 * Makes the machine's physical memory over the engine's memory.
 * @throws VmError `option_invalid` where the size is no whole number of pages, or more than there is
 */
export function createPhysicalMemory({ memory, sizeBytes, onWrite }: PhysicalMemoryOptions): GuestMemory {
  checkSize(sizeBytes, memory.buffer.byteLength - RAM_OFFSET);
  const ram = new Uint8Array(memory.buffer, RAM_OFFSET, sizeBytes);
  const dirty = createDirtyPages(sizeBytes / PAGE_BYTES);
  const firstPage = RAM_BASE / PAGE_BYTES;
  const readable = (address: number, length: number): Uint8Array | undefined => {
    const offset = address - RAM_BASE;
    // Written so that NaN, too, is outside.
    const isInside = offset >= 0 && length >= 0 && offset + length <= sizeBytes;
    return isInside ? ram.subarray(offset, offset + length) : undefined;
  };
  return {
    base: RAM_BASE,
    sizeBytes,
    readable,
    writable(address, length) {
      const view = readable(address, length);
      if (view === undefined || view.length === 0) return view;
      const end = Math.floor((address + length - 1) / PAGE_BYTES);
      for (let page = Math.floor(address / PAGE_BYTES); page <= end; page++) {
        dirty.mark(page - firstPage);
        onWrite(page);
      }
      return view;
    },
    markDirty: (page) => dirty.mark(page - firstPage),
    takeDirty: () => dirty.take(firstPage),
  };
}

function checkSize(sizeBytes: number, roomBytes: number): void {
  if (sizeBytes > 0 && sizeBytes % PAGE_BYTES === 0 && sizeBytes <= roomBytes) return;
  throw new VmError(
    "option_invalid",
    `memory of ${sizeBytes} bytes: expected a positive multiple of ${PAGE_BYTES}, at most ${roomBytes}`,
  );
}

/** A bit for each page. */
function createDirtyPages(count: number): { mark(index: number): void; take(first: number): Uint32Array<ArrayBuffer> } {
  const bits = new DataView(new ArrayBuffer(Math.ceil(count / 32) * 4));
  const mark = (index: number): void => {
    if (!(index >= 0 && index < count)) return;
    const word = (index >>> 5) * 4;
    bits.setUint32(word, bits.getUint32(word) | (1 << (index & 31)));
  };
  const take = (first: number): Uint32Array<ArrayBuffer> => {
    const pages: number[] = [];
    for (let word = 0; word < bits.byteLength; word += 4) {
      for (let left = bits.getUint32(word); left !== 0; left &= left - 1)
        pages.push(first + word * 8 + 31 - Math.clz32(left & -left));
      bits.setUint32(word, 0);
    }
    return Uint32Array.from(pages);
  };
  return { mark, take };
}
