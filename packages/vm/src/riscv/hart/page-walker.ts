import { RAM_BASE, RAM_OFFSET, STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import { SPLIT, type PhysicalProtection } from "./physical-protection.ts";
import { ACCESS, FAULT, PRIVILEGE, STATUS } from "./privilege.ts";

/** Bits of a page-table entry's lower half (Privileged Architecture 1.12, section 4.4.1). */
export const PTE = { valid: 1, read: 2, write: 4, execute: 8, user: 16, global: 32, accessed: 64, dirty: 128 } as const;

const LEAF = PTE.read | PTE.write | PTE.execute;
/** Reserved in an entry that points to a table. */
const LEAF_ONLY = PTE.dirty | PTE.accessed | PTE.user;
const PAGE_BYTES = 4096;
const PTE_BYTES = 8;
const RAM_PAGE = RAM_BASE / PAGE_BYTES;

/** What a walker works with. */
export type PageWalkerOptions = {
  readonly state: HartState;
  readonly protection: PhysicalProtection;
  /** Bytes of RAM. Tables elsewhere are access faults. */
  readonly ramBytes: number;
  /** The walker is about to look at a page table. @param page physical address / 4096, in RAM */
  readonly onRead: (page: number) => void;
  /** The walker is about to write to a page table. @param page physical address / 4096 */
  readonly onWrite: (page: number) => void;
};

/**
 * Walks page tables: Sv39 and Sv48. The accessed and dirty bits are set in the tables by the walk (Svadu). Svpbmt and Svnapot are absent:
 * their bits are reserved. Places are page numbers and offsets: a physical address doesn't fit a small integer, and would be allocated
 * wherever it crosses a call.
 */
export class PageWalker {
  /** Of the leaf that the last walk found, as it is now; all rights where translation is off. */
  flags = 0;
  /** Level of that leaf: 0 for a page of 4 KiB, each next one is 512 times as large. */
  level = 0;
  /** Is it in each address space? So says a global entry of all that is reached through it (section 4.3.1); what is not translated is. */
  isGlobal = true;
  readonly #state: HartState;
  readonly #protection: PhysicalProtection;
  readonly #ramEndPage: number;
  readonly #onRead: (page: number) => void;
  readonly #onWrite: (page: number) => void;
  // What the walk is for stands in fields, as an object for each walk would have to be allocated.
  #access: number = ACCESS.read;
  #privilege: number = PRIVILEGE.user;

  constructor({ state, protection, ramBytes, onRead, onWrite }: PageWalkerOptions) {
    this.#state = state;
    this.#protection = protection;
    this.#ramEndPage = RAM_PAGE + ramBytes / PAGE_BYTES;
    this.#onRead = onRead;
    this.#onWrite = onWrite;
  }

  /**
   * Translates.
   * @param low lower half of the virtual address
   * @param high upper half
   * @param access of ACCESS
   * @param privilege that the access is made with
   * @returns physical page (address / 4096), or one of FAULT
   */
  translate(low: number, high: number, access: number, privilege: number): number {
    const mode = privilege === PRIVILEGE.machine ? 0 : this.#state.high(STATE.satp) >>> 28;
    if (mode === 0) {
      this.flags = LEAF | PTE.accessed | PTE.dirty;
      this.level = 0;
      this.isGlobal = true;
      return joinPage(low >>> 12, high, 20);
    }
    // satp.MODE is 8 for three levels (Sv39), 9 for four (Sv48); all bits above the translated ones equal the highest of them.
    const unused = mode === 8 ? 25 : 16;
    if ((high << unused) >> unused !== (high | 0)) return FAULT.page;
    this.#access = access;
    this.#privilege = privilege;
    return this.#walk(low, high, mode - 5);
  }

  #walk(low: number, high: number, levels: number): number {
    const view = this.#state.view;
    let table = joinPage(this.#state.int(STATE.satp), this.#state.high(STATE.satp) & 0xfff, 32);
    let seen = 0;
    for (let level = levels - 1; level >= 0; level--) {
      const page = table;
      const offset = tableIndex(low, high, level) * PTE_BYTES;
      if (!this.#mayAccess(page, offset, ACCESS.read)) return FAULT.access;
      this.#onRead(page);
      const host = RAM_OFFSET + (page - RAM_PAGE) * PAGE_BYTES + offset;
      const entry = view.getInt32(host, true);
      const entryHigh = view.getUint32(host + 4, true);
      if (!isUsable(entry, entryHigh)) return FAULT.page;
      seen |= entry;
      table = joinPage(entry >>> 10, entryHigh, 22);
      if ((entry & LEAF) !== 0) {
        const within = (1 << (9 * level)) - 1;
        const isAligned = (((entry >>> 10) | (entryHigh << 22)) & within) === 0;
        if (!isAligned || !this.#isPermitted(entry)) return FAULT.page;
        if (!this.#mark(page, offset, entry)) return FAULT.access;
        this.level = level;
        this.isGlobal = (seen & PTE.global) !== 0;
        return table < 0 ? FAULT.access : table | (((low >>> 12) | (high << 20)) & within);
      }
      if ((entry & LEAF_ONLY) !== 0) return FAULT.page;
    }
    return FAULT.page;
  }

  /** Section 4.3.2, steps 5 and 6. */
  #isPermitted(entry: number): boolean {
    const access = this.#access;
    const status = this.#state.int(STATE.mstatus);
    const isUserPage = (entry & PTE.user) !== 0;
    if (this.#privilege === PRIVILEGE.user && !isUserPage) return false;
    if (this.#privilege === PRIVILEGE.supervisor && isUserPage)
      if (access === ACCESS.fetch || (status & STATUS.sum) === 0) return false;
    if (access === ACCESS.fetch) return (entry & PTE.execute) !== 0;
    if (access === ACCESS.write) return (entry & PTE.write) !== 0;
    return (entry & ((status & STATUS.mxr) === 0 ? PTE.read : PTE.read | PTE.execute)) !== 0;
  }

  /** Section 4.3.2, step 7. @returns false where the table may not be written */
  #mark(page: number, offset: number, entry: number): boolean {
    const marked = entry | PTE.accessed | (this.#access === ACCESS.write ? PTE.dirty : 0);
    this.flags = marked & 0xff;
    if (marked === entry) return true;
    if (!this.#mayAccess(page, offset, ACCESS.write)) return false;
    this.#onWrite(page);
    this.#state.view.setInt32(RAM_OFFSET + (page - RAM_PAGE) * PAGE_BYTES + offset, marked, true);
    return true;
  }

  /** Tables lie in RAM, and are read and written as the supervisor would (section 3.7.2). */
  #mayAccess(page: number, offset: number, access: number): boolean {
    if (!(page >= RAM_PAGE && page < this.#ramEndPage)) return false;
    const pageRights = this.#protection.pageRights(page, PRIVILEGE.supervisor);
    const rights =
      pageRights === SPLIT
        ? this.#protection.rights(page * PAGE_BYTES + offset, PTE_BYTES, PRIVILEGE.supervisor)
        : pageRights;
    return (rights & (1 << access)) !== 0;
  }
}

/**
 * Number of a physical page, as a small integer: above 2^31 there is neither RAM nor a device.
 * @param low its lowest bits; at most 31 of them are set where it is below
 * @param high the ones from bit `shift` on
 * @returns FAULT.access where it is above
 */
function joinPage(low: number, high: number, shift: number): number {
  const joined = shift < 32 ? low | (high << shift) : low;
  const rest = shift < 32 ? high >>> (31 - shift) : high;
  return rest !== 0 || joined < 0 ? FAULT.access : joined;
}

function isUsable(entry: number, entryHigh: number): boolean {
  const isWriteOnly = (entry & (PTE.read | PTE.write)) === PTE.write;
  return (entry & PTE.valid) !== 0 && !isWriteOnly && entryHigh >>> 22 === 0;
}

function tableIndex(low: number, high: number, level: number): number {
  if (level === 0) return (low >>> 12) & 511;
  if (level === 1) return (low >>> 21) & 511;
  if (level === 2) return ((low >>> 30) | (high << 2)) & 511;
  return (high >>> 7) & 511;
}
