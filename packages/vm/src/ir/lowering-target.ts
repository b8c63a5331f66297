import type { Value } from "./block.ts";

/** Locals that remember the first page which an access found, until it finds another one. */
export type PageMemo = {
  /** Its address (i64); 0 before the first. */
  readonly page: number;
  /** How far from there an access may begin, exclusive, in bytes (i64): 0 where no page is remembered. */
  readonly limit: number;
  /** What leads from an address in it to the host's (i32). */
  readonly addend: number;
};

/** What differs between the interpreter's handlers and compiled units. */
export interface LoweringTarget {
  /** Pushes a register's i64. */
  getRegister(register: number): void;
  /** Pushes where a register's new value goes, if that is a place in memory. */
  prepareSet(register: number): void;
  /** Pops a register's new i64, and what `prepareSet` pushed. */
  setRegister(register: number): void;
  /** Pushes a field of the decoded record; a compiled unit has none. */
  field(kind: number): void;
  /** Pushes an address (i64): the entry + distance in units, this (0) or the next (1) instruction in descriptions. */
  pc(distance: number): void;
  /** Sets STATE.pc to the current instruction's address. */
  storePc(): void;
  /** Sets STATE.budget. */
  storeBudget(): void;
  /** The helper may have changed STATE.budget. */
  loadBudget(): void;
  /** Pushes an address (i64) and a distance times 16 (i32) that make the current instruction's address. @param size added to the second */
  site(size: number): void;
  /** Local that holds what is left of the slice. */
  readonly budget: number;
  /** Writes back the registers that memory does not have yet: before anything that may trap or leave; `retry` does so by itself. On every way to it, so never in an arm. */
  flush(): void;
  /** After `flush`: leaves. STATE.pc and STATE.budget are right. */
  leave(): void;
  /**
   * Can `retry` be used here, as long as the current instruction has had no effect? Not in a unit's first one, where the unit would be entered
   * again, and not in descriptions.
   */
  canRetry(): boolean;
  /** Comes before what may `retry`, on every way to it: writes back what is not to be written back there. */
  prepareRetry(): void;
  /** Leaves before the current instruction, which runs somewhere else next: interpreted, or as the first one of a unit. */
  retry(): void;
  /** Pushes the offset of a look-aside buffer's entry, given its index (scaled) on the stack. Returns what is still to add. */
  tlb(kind: "read" | "write"): number;
  /** What remembers the page that an access (operation of the current block) found, if something does. */
  pageMemo(access: Value): PageMemo | undefined;
  /** The end of an instruction that ends its block. @param value the condition or target @param operation index in the block */
  terminator(kind: number, value: Value, push: (value: Value) => void, operation: Value): void;
  /** So many of the instructions that were begun together are not run where a condition (i32) is 1, not 0. They have no effect besides registers. */
  skip(instructions: number, pushCondition: () => void): void;
  /** A guest instruction begins. */
  instruction(distance: number, length: number): void;
}
