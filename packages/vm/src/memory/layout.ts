/**
 * Where everything lies in the engine's one WebAssembly memory. Generated code and TypeScript both work on it, so that neither has to
 * call the other to see a register. All offsets are in bytes; all values are little-endian.
 *
 *     0x0000_0000  nothing: an address of 0 means "none"
 *     0x0000_1000  state of the hart (STATE)
 *     0x0000_4000  bounce buffer of device accesses
 *     0x0000_4100  which jump caches were filled
 *     0x0001_0000  translation look-aside buffers, one bank for each mode (TLB)
 *     0x0004_c000  what they forget to make room, one bank for each mode (SECOND_TLB)
 *     0x0006_0000  jump cache, one bank for each mode (JUMP_CACHE)
 *     0x001a_0000  which entries of the jump caches were filled (JUMP_LOG)
 *     0x001c_0000  records of compiled units (UNITS)
 *     0x0030_0000  decoded instructions (DECODED)
 *     0x0440_0000  the instruction that lies across a page's end
 *     0x0441_0000  what instructions were decoded to lately (DECODED_MEMO)
 *     RAM_OFFSET   the guest's RAM
 */

/**
 * The translation regimes that code is compiled for. Each has banks of its own, so that a change of privilege flushes nothing.
 * `supervisorUser` is supervisor mode that may touch pages of users (`sstatus.SUM`); `modified` is machine mode whose data accesses
 * happen as in another mode (`mstatus.MPRV`): its banks are flushed when that mode changes.
 */
export const MODE = { user: 0, supervisor: 1, supervisorUser: 2, machine: 3, modified: 4 } as const;

/** One of the translation regimes. */
export type Mode = (typeof MODE)[keyof typeof MODE];

/** How many there are. */
export const MODE_COUNT = 5;

/** Offset of the hart's state. */
export const STATE_OFFSET = 0x1000;

/** Number of the register file's slots: 32 integer, 32 floating-point, and the sink that writes to x0 go to. */
export const REGISTER_COUNT = 65;

/** The slot that takes what is written to x0 in interpreted code. */
export const SINK_REGISTER = 64;

/** Offset of a register: 0 to 31 are x0 to x31, 32 to 63 are f0 to f31, 64 is the sink. */
export function registerOffset(register: number): number {
  return STATE_OFFSET + register * 8;
}

/** Offsets of the fields of the hart's state, eight bytes each. Those marked i32 use the lower half. */
export const STATE = {
  /** Address of the instruction to run next; while a helper runs, of the one that called it. */
  pc: 0x1240,
  /** i32: instructions left in this slice. Negative: the unit leaves at its next check. */
  budget: 0x1248,
  /** i32: of MODE: what is running now. */
  mode: 0x1250,
  /** i32: grows whenever a mapping may have changed. */
  generation: 0x1258,
  /** Operands of helpers: address, then value; their result comes back in `value`. */
  address: 0x1260,
  value: 0x1268,
  value2: 0x1270,
  value3: 0x1278,
  /** i32: why the machine left its slice, of LEAVE. */
  leave: 0x1280,
  /** Host address (i32) of the reservation of LR, 0 for none; the value that was read. */
  reservation: 0x1288,
  reservedValue: 0x1290,
  /** i32: fflags; frm; 1 where the host's arithmetic may be used as it is (frm is nearest-even, and NX is set already). */
  floatFlags: 0x1298,
  floatRounding: 0x12a0,
  floatFast: 0x12a8,
  /**
   * i32: 0 where mstatus.FS isn't Dirty: each floating-point instruction calls `system(illegal)` then, which makes FS Dirty and runs it again
   * where it is Initial or Clean, and traps where it is Off.
   */
  floatEnabled: 0x12b0,
  /** Privilege: i32: 0 U, 1 S, 3 M. */
  privilege: 0x12b8,
  mstatus: 0x12c0,
  misa: 0x12c8,
  medeleg: 0x12d0,
  mideleg: 0x12d8,
  mie: 0x12e0,
  mip: 0x12e8,
  mtvec: 0x12f0,
  mscratch: 0x12f8,
  mepc: 0x1300,
  mcause: 0x1308,
  mtval: 0x1310,
  mcounteren: 0x1318,
  mcountinhibit: 0x1320,
  menvcfg: 0x1328,
  stvec: 0x1330,
  sscratch: 0x1338,
  sepc: 0x1340,
  scause: 0x1348,
  stval: 0x1350,
  scounteren: 0x1358,
  senvcfg: 0x1360,
  satp: 0x1368,
  stimecmp: 0x1370,
  /** What was retired up to the start of this slice. */
  instret: 0x1378,
  /** i32: the budget that this slice began with. */
  slice: 0x1380,
  /** What the guest wrote to mcycle and minstret: added to what is counted. */
  cycleOffset: 0x1388,
  instretOffset: 0x1390,
  tselect: 0x1398,
  mhartid: 0x13a0,
  /** PMP: 16 configuration bytes, then 16 addresses. */
  pmpcfg: 0x13c0,
  pmpaddr: 0x13d0,
  /** i32: interrupts that wires hold pending, as bits of mip; STATE.mip has those that software set. */
  interruptLines: 0x1450,
  /** Instructions that were interpreted since the machine was made (i64); then those run in units, by COUNTERS. */
  interpreted: 0x1458,
} as const;

/** Bytes of the state, registers included: what a snapshot saves. */
export const STATE_BYTES = 0x1000;

/** Why generated code gave control back. */
export const LEAVE = { none: 0, wait: 1, hot: 2, stop: 3 } as const;

/** Eight bytes that a load from a device is read from. */
export const BOUNCE_OFFSET = 0x4000;

/**
 * Translation look-aside buffers: for each mode three direct-mapped tables of 1024 entries: reads, writes, fetches.
 * An entry: tag (i64: virtual page address, bits below 12 zero; of an empty entry that of a page whose entry is another one), addend (i32: host
 * address = low half of the virtual address + addend), 4 bytes free; in a fetch entry the addend is the offset of the page's decoded instructions.
 * An access hits where `((address ^ tag) & (~4095 | size - 1)) == 0`: one compare for miss, permission, page crossing and misalignment; several
 * accesses to as many bytes where `(address ^ tag) <= 4096 - bytes`.
 */
export const TLB = {
  offset: 0x1_0000,
  entries: 1024,
  entryBytes: 16,
  tableBytes: 0x4000,
  /** Bytes of one mode's three tables. */
  modeBytes: 0xc000,
  read: 0,
  write: 0x4000,
  fetch: 0x8000,
} as const;

/**
 * Second look-aside buffers, of reads and writes: 512 entries of the same form, found by other bits of the address. A page that has lost
 * its place in the first to one 4 MiB away is found here, without a walk.
 */
export const SECOND_TLB = {
  offset: 0x4_c000,
  entries: 512,
  entryBytes: 16,
  tableBytes: 0x2000,
  /** Bytes of one mode's two tables. */
  modeBytes: 0x4000,
  read: 0,
  write: 0x2000,
  /** An entry's index: `((address >>> 12) ^ (address >>> foldShift)) & (entries - 1)`. */
  foldShift: 20,
} as const;

/** Offset of a table of translations. @param kind `TLB.read`, `TLB.write` or `TLB.fetch` */
export function tlbOffset(mode: Mode, kind: number): number {
  return TLB.offset + mode * TLB.modeBytes + kind;
}

/**
 * Jump cache: where compiled code for an address is. Direct-mapped by `((pc >> 1) ^ (pc >> 12)) & (entries - 1)`.
 * An entry: tag (i64: pc; all ones: empty), index in the table of units (i32), offset of the unit's record (i32).
 */
export const JUMP_CACHE = { offset: 0x6_0000, entries: 16_384, entryBytes: 16, modeBytes: 0x4_0000 } as const;

/**
 * For each mode the offsets (i32, from JUMP_CACHE.offset) of the entries that were filled since its jump cache was emptied, in turns: to
 * empty these takes microseconds, to empty a whole cache displaces 256 KiB of the host's.
 */
export const JUMP_LOG = { offset: 0x1a_0000, entries: 2048, modeBytes: 0x2000 } as const;

/** Offset of an i32 for each mode: how many entries of its jump cache were filled since it was emptied. */
export const JUMPS_FILLED_OFFSET = 0x4100;

/** Offset of an i32: record of the unit that has just become hot, and left for that; 0 where there is none. */
export const HOT_UNIT_OFFSET = 0x4200;

/** Offset of a mode's jump cache. */
export function jumpCacheOffset(mode: Mode): number {
  return JUMP_CACHE.offset + mode * JUMP_CACHE.modeBytes;
}

/**
 * Records of units, 16 bytes each: index in the table (i32); how often a block is still entered until it asks to become a region (i32);
 * where the instructions that it runs are counted (i32, of COUNTERS); offset of the decoded page that it may go on in after its own
 * (i32; 0: none).
 */
export const UNITS = {
  offset: 0x1c_0000,
  recordBytes: 16,
  count: 0x1_4000,
  counter: 4,
  counted: 8,
  nextPage: 12,
} as const;

/** Where instructions in units are counted (i64 each): in blocks and regions, compiled in this run or loaded from the cache. */
export const COUNTERS = {
  block: { compiled: 0x1460, loaded: 0x1468 },
  region: { compiled: 0x1470, loaded: 0x1478 },
} as const;

/**
 * Decoded instructions: a pool of pages. Each holds 2048 records of 16 bytes, one for each two bytes of code, and two that mark the
 * page's end; then where the guest's page is (i32: offset in this memory; 0: it was dropped, and may hold something else by now).
 * A record: handler (u16), rd, rs1, rs2 (u16 each: offsets of registers), immediate (i32; rs3 of fused operations),
 * counter (u16), step (u16: bytes to the next record, 16 or 32).
 */
export const DECODED = {
  offset: 0x30_0000,
  recordBytes: 16,
  /** From a page's first record on. */
  guestPage: 0x8020,
  /** 2050 records and that, rounded up. */
  pageBytes: 0x8040,
  pages: 2048,
} as const;

/**
 * What instructions were decoded to lately, found by their bits: code is full of the same ones. An entry: a record, whose counter says
 * nothing; the bits (i32). Index: `(bits ^ (bits >>> 13) ^ (bits >>> 20)) & (entries - 1)`. A handler of 0: it holds nothing.
 */
export const DECODED_MEMO = { offset: 0x441_0000, entries: 8192, entryBytes: 32, bits: 16 } as const;

/** Offset of the guest's RAM in the engine's memory. */
export const RAM_OFFSET = 0x450_0000;

/** Physical address at which RAM begins, on the board. */
export const RAM_BASE = 0x8000_0000;
