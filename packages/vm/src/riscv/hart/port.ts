/**
 * What generated code asks of the hart's slow side: everything that is not a register, arithmetic, or memory that the look-aside
 * buffers know. Operands go through STATE; only small integers cross the border, because an i64 would become a BigInt.
 *
 * Before any of these is called, STATE.pc holds the address of the instruction that calls.
 */

import type { Mode } from "../../memory/layout.ts";

/** What `system` does. Operands and results are named at each. */
export const SYSTEM = {
  /** CSR instructions. Argument: number of the CSR. In and out: STATE.value (rs1 or the immediate; the old value). */
  csrRead: 0,
  csrWrite: 1,
  csrSet: 2,
  csrClear: 3,
  /** As csrWrite, without reading first (rd is x0). */
  csrWriteOnly: 4,
  ecall: 5,
  ebreak: 6,
  mret: 7,
  sret: 8,
  wfi: 9,
  /** STATE.address: virtual address; argument: bit 0: rs1 is x0 (all addresses), bit 1: rs2 is x0 (all address spaces). */
  sfenceVma: 10,
  fenceI: 11,
  /** Illegal instruction. STATE.value: its bits. */
  illegal: 12,
  /** Instruction address misaligned can't happen with C; kept for boards without it. STATE.address: the target. */
  misalignedFetch: 13,
} as const;

/** One of the operations of `system`. */
export type SystemOperation = (typeof SYSTEM)[keyof typeof SYSTEM];

/** The slow side. All return 0 where a trap was taken: STATE.pc is the handler's then, and mode and privilege are its. */
export interface HartHelpers {
  /**
   * Makes STATE.address readable: fills the look-aside buffer, or reads a device or a misaligned value into the bounce buffer.
   * @param size of the access, in bytes: 1, 2, 4, 8
   * @returns host address to read from
   */
  load(size: number): number;
  /** As `load`, for reading and writing at once (atomic operations). RAM only, aligned. @returns host address */
  atomic(size: number): number;
  /** Stores the lower `size` bytes of STATE.value at STATE.address. @returns 1 */
  store(size: number): number;
  /**
   * @returns 1: go on after this instruction. 0: leave; STATE.pc says where execution goes on, and rd of a CSR instruction that didn't trap
   * is written already
   */
  system(operation: number, argument: number): number;
  /** @param operation of `operationOf`, with the rounding mode in bits 8 to 10 (7: dynamic). @returns 1; 0 for a rounding mode that is none */
  float(operation: number): number;
  /** Makes STATE.pc fetchable: fills the look-aside buffer. @returns 1 */
  fetch(): number;
}

/** The decoded code of the guest, by physical page (address / 4096). */
export interface CodePages {
  /** Offset of a page's decoded records in the engine's memory; made where there are none. May drop another page. */
  open(page: number): number;
  /** Code at an address, of a page that was opened, can be fetched from now on by the mode that runs. @param low lower half @param high upper half */
  entered(low: number, high: number): void;
  /** True where something was decoded or compiled from this page: such pages never enter the write look-aside buffer. */
  has(page: number): boolean;
  /** Somebody writes to the page: forgets what was decoded and compiled from it. */
  drop(page: number): void;
  /** A mapping may have changed: empties the jump cache of a mode, or of all. */
  forgetJumps(mode?: Mode): void;
}
