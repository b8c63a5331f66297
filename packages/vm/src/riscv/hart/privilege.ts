/** Privilege levels (Privileged Architecture 1.12, table 1.1). */
export const PRIVILEGE = { user: 0, supervisor: 1, machine: 3 } as const;

/** One of the privilege levels. */
export type Privilege = (typeof PRIVILEGE)[keyof typeof PRIVILEGE];

/** Fields of mstatus within its lower half (section 3.1.6); those of several bits as masks. */
export const STATUS = {
  sie: 0x2,
  mie: 0x8,
  spie: 0x20,
  mpie: 0x80,
  spp: 0x100,
  mpp: 0x1800,
  fs: 0x6000,
  mprv: 0x2_0000,
  sum: 0x4_0000,
  mxr: 0x8_0000,
  tvm: 0x10_0000,
  tw: 0x20_0000,
  tsr: 0x40_0000,
} as const;

/** Position of mstatus.MPP. */
export const MPP_SHIFT = 11;

/** Upper half of mstatus: SXL and UXL say 64 bits, and never change. */
export const STATUS_HIGH = 0xa;

/** Upper half of mstatus: SD, kept nowhere: it is made from FS where mstatus is read. */
export const STATUS_DIRTY_HIGH = 0x8000_0000;

/** Upper half of menvcfg: STCE, the supervisor has a timer of its own (Sstc). */
export const TIMER_ENABLE_HIGH = 0x8000_0000;

/** Causes of exceptions (table 3.6). */
export const CAUSE = {
  fetchAccess: 1,
  illegal: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  /** From U; from S and M one and three more. */
  environmentCall: 8,
  fetchPage: 12,
  loadPage: 13,
  storePage: 15,
} as const;

/** Upper half of xcause for interrupts. */
export const INTERRUPT_HIGH = 0x8000_0000;

/** Bits of mip and mie (section 3.1.9). */
export const INTERRUPT = {
  supervisorSoftware: 1,
  machineSoftware: 3,
  supervisorTimer: 5,
  machineTimer: 7,
  supervisorExternal: 9,
  machineExternal: 11,
} as const;

/** What an access wants; `1 << access` is the right it needs, in the order of the bits R, W, X of a PMP entry. */
export const ACCESS = { read: 0, write: 1, fetch: 2 } as const;

/** One of the kinds of access. */
export type Access = (typeof ACCESS)[keyof typeof ACCESS];

/** What a translation gives instead of a page. */
export const FAULT = { page: -1, access: -2 } as const;
