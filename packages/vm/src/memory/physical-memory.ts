import type { PhysicalMemory } from "../bus/port.ts";
import { VmError } from "../error.ts";
import { AbsentPages, type PageSource, type PageSpan } from "./absent-pages.ts";
import { RAM_BASE, RAM_OFFSET } from "./layout.ts";
import { LentPages } from "./lent-pages.ts";
import { PAGE_BYTES } from "./page.ts";

/** The guest's RAM, with an account of the pages that were written. Pages are numbered by physical address / 4096. */
export interface GuestMemory extends PhysicalMemory {
  /**
   * The guest itself is about to write to a page. To be called when the page enters a write look-aside buffer; a page in there is
   * written without notice, so those buffers have to be emptied after `takeDirty`.
   */
  markDirty(page: number): void;
  /** The pages written since the last call, ascending. */
  takeDirty(): Uint32Array<ArrayBuffer>;
  /**
   * The guest itself is about to look at a page: it is given its content, where it has none yet. To be called before RAM is read or written
   * in other ways than by `readable` and `writable`.
   */
  touch(page: number): void;
  /** From now on the pages of a source are RAM's, fetched when they are touched. All others keep what they hold. */
  replace(source: PageSource | undefined): void;
  /**
   * Makes a source of what RAM holds now, for another machine's. The first write to each page has to be noticed from now on: write
   * look-aside buffers are to be emptied.
   * @param spans the pages that are given
   */
  lend(spans: readonly PageSpan[]): PageSource;
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
  const absent = new AbsentPages(ram);
  const dirty = createDirtyPages(sizeBytes / PAGE_BYTES);
  const lent = new LentPages((index) => {
    absent.touch(index);
    return ram.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES);
  });
  const mark = (index: number): void => {
    lent.changing(index);
    dirty.mark(index);
  };
  const readable = (address: number, length: number): Uint8Array | undefined => {
    const offset = address - RAM_BASE;
    // Written so that NaN, too, is outside.
    const isInside = offset >= 0 && length >= 0 && offset + length <= sizeBytes;
    if (!isInside) return undefined;
    if (length > 0) absent.touchSpan(Math.floor(offset / PAGE_BYTES), Math.floor((offset + length - 1) / PAGE_BYTES));
    return ram.subarray(offset, offset + length);
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
        mark(page - FIRST_PAGE);
        onWrite(page);
      }
      return view;
    },
    markDirty: (page) => mark(page - FIRST_PAGE),
    takeDirty: () => dirty.take(FIRST_PAGE),
    touch: (page) => absent.touch(page - FIRST_PAGE),
    replace(source) {
      lent.changingAll();
      absent.replace(source);
    },
    lend: (spans) => lent.lend(spans),
  };
}

const FIRST_PAGE = RAM_BASE / PAGE_BYTES;

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
