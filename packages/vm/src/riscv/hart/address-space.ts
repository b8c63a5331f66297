import type { GuestMemory } from "../../memory/physical-memory.ts";
import { RAM_BASE, RAM_OFFSET, STATE, TLB } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import type { LookasideBuffers } from "./lookaside-buffers.ts";
import type { PageWalker } from "./page-walker.ts";
import { SPLIT, type PhysicalProtection } from "./physical-protection.ts";
import type { CodePages } from "./port.ts";
import { ACCESS, CAUSE, FAULT } from "./privilege.ts";
import { dataPrivilege, type TrapUnit } from "./trap.ts";

/** What the address space of a hart is made of. */
export type AddressSpaceOptions = {
  readonly state: HartState;
  readonly walker: PageWalker;
  readonly protection: PhysicalProtection;
  readonly buffers: LookasideBuffers;
  readonly traps: TrapUnit;
  readonly code: CodePages;
  readonly physical: GuestMemory;
};

const PAGE_BYTES = 4096;
const RAM_PAGE = RAM_BASE / PAGE_BYTES;

/** Causes by kind of access. */
const PAGE_FAULTS = [CAUSE.loadPage, CAUSE.storePage, CAUSE.fetchPage] as const;
const ACCESS_FAULTS = [CAUSE.loadAccess, CAUSE.storeAccess, CAUSE.fetchAccess] as const;

/** Where virtual addresses are: translation, protection, and what of RAM may be written without notice. */
export class AddressSpace {
  readonly #state: HartState;
  readonly #parts: AddressSpaceOptions;
  /** For each page of RAM 1 where a write entry may map it. */
  readonly #mapped: Uint8Array;
  /** May the page of what was located last be entered into a look-aside buffer? */
  #isWhole = false;

  constructor(parts: AddressSpaceOptions) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#mapped = new Uint8Array(parts.physical.sizeBytes / PAGE_BYTES);
  }

  /** Is a physical page in RAM? */
  isRam(page: number): boolean {
    const index = page - RAM_PAGE;
    return index >= 0 && index < this.#mapped.length;
  }

  /**
   * Finds an access that crosses no page; takes its trap where it is not allowed.
   * @param low lower half of the virtual address
   * @param high upper half
   * @param access of ACCESS
   * @param size in bytes
   * @returns physical page (address / 4096); −1 after a trap
   */
  locate(low: number, high: number, access: number, size: number): number {
    const page = this.find(low, high, access, size);
    return page < 0 ? this.raise(page, access, low, high) : page;
  }

  /** As `locate`, but takes no trap. @returns physical page, or one of FAULT */
  find(low: number, high: number, access: number, size: number): number {
    const { walker, protection } = this.#parts;
    const privilege = this.#privilege(access);
    const page = walker.translate(low, high, access, privilege);
    if (page < 0) return page;
    this.#parts.physical.touch(page);
    const pageRights = protection.pageRights(page, privilege);
    this.#isWhole = pageRights !== SPLIT;
    const rights = this.#isWhole ? pageRights : protection.rights(toAddress(page, low), size, privilege);
    return (rights & (1 << access)) === 0 ? FAULT.access : page;
  }

  /** Takes the trap of an access that failed. @param fault of FAULT @returns −1 */
  raise(fault: number, access: number, low: number, high: number): -1 {
    const causes = fault === FAULT.page ? PAGE_FAULTS : ACCESS_FAULTS;
    this.#parts.traps.exception(causes[access] ?? CAUSE.loadAccess, low, high);
    return -1;
  }

  /**
   * Enters what was located last, an address in RAM, into the read or write buffer. For writing the page must have been prepared.
   * @param host where the address is in the engine's memory
   */
  enter(kind: typeof TLB.read | typeof TLB.write, low: number, high: number, host: number): void {
    if (!this.#isWhole) return;
    this.#parts.buffers.fill(kind, low, high, host);
    this.#noteOrigin(kind, low, high);
  }

  /** Enters a page of code that was located last; its writes have to be noticed from now on. @param page of RAM */
  enterCode(low: number, high: number, page: number): void {
    const { buffers, code } = this.#parts;
    this.watch(page);
    buffers.fillFetch(low, high, code.open(page));
    code.entered(low, high);
    this.#noteOrigin(TLB.fetch, low, high);
    this.noteExecuted(low, high);
  }

  /** Code at this page, which was located last, may be known by its address from now on. */
  noteExecuted(low: number, high: number): void {
    this.#parts.buffers.noteExecuted(low, high, this.#parts.walker.isGlobal);
    this.#noteSuperpage(low, high);
  }

  /** A page of RAM is about to be written: forgets its code, and counts it as dirty. @param page physical address / 4096 */
  prepareWrite(page: number): void {
    if (this.#parts.code.has(page)) this.#parts.code.drop(page);
    const index = page - RAM_PAGE;
    if (this.#mapped[index] === 1) return;
    this.#mapped[index] = 1;
    this.#parts.physical.markDirty(page);
  }

  /** From now on writes to a page of RAM are noticed. @param page physical address / 4096 */
  watch(page: number): void {
    const index = page - RAM_PAGE;
    if (this.#mapped[index] !== 1) return;
    this.#mapped[index] = 0;
    this.#parts.buffers.dropWrites(RAM_OFFSET + index * PAGE_BYTES);
  }

  /** From now on the first write to each page of RAM is noticed. */
  watchAll(): void {
    this.#mapped.fill(0);
    this.#parts.buffers.flushKind(TLB.write);
  }

  #privilege(access: number): number {
    const privilege = this.#state.int(STATE.privilege);
    return access === ACCESS.fetch ? privilege : dataPrivilege(privilege, this.#state.int(STATE.mstatus));
  }

  #noteOrigin(kind: number, low: number, high: number): void {
    const { walker, buffers } = this.#parts;
    if (!walker.isGlobal) buffers.noteLocal(kind, low);
    this.#noteSuperpage(low, high);
  }

  #noteSuperpage(low: number, high: number): void {
    const { walker, buffers } = this.#parts;
    if (walker.level !== 0) buffers.noteSuperpage(low, high, walker.level);
  }
}

/** Physical address. @param low lower half of the virtual address: its offset in the page counts */
export function toAddress(page: number, low: number): number {
  return page * PAGE_BYTES + (low & (PAGE_BYTES - 1));
}

/** Where in the engine's memory an address is. @param page of RAM */
export function toHost(page: number, low: number): number {
  return RAM_OFFSET + (page - RAM_PAGE) * PAGE_BYTES + (low & (PAGE_BYTES - 1));
}
