import { STATE } from "../../memory/layout.ts";
import { STATUS } from "./privilege.ts";

/** Where a register's value is. */
export type CsrSource =
  /** A field of the state. */
  | { readonly type: "field"; readonly offset: number }
  /** There, but without a function. */
  | { readonly type: "zero" }
  /** Made when it is read. */
  | { readonly type: "derived"; readonly from: CsrDerivation };

/** Values that are made when they are read. */
export type CsrDerivation =
  | "mstatus"
  | "sstatus"
  | "mip"
  | "sip"
  | "sie"
  | "fflags"
  | "frm"
  | "fcsr"
  | "cycle"
  | "instret"
  | "time";

/** What else a write does, or how it is done where it isn't just masked. */
export type CsrEffect =
  | "status"
  | "interrupts"
  | "software-interrupts"
  | "vector"
  | "translation"
  | "timer"
  | "fflags"
  | "frm"
  | "fcsr"
  | "inhibit"
  | "cycle"
  | "instret"
  | "pmp-config"
  | "pmp-address";

/** What an access is refused for, besides privilege. */
export type CsrGuard = "counter" | "supervisor-timer" | "translation" | "float";

/**
 * A control and status register. The lowest privilege that may access it is in bits 8 and 9 of its number, and bits 10 and 11 are set
 * where it cannot be written.
 */
export type CsrDescription = {
  readonly number: number;
  readonly name: string;
  readonly source: CsrSource;
  /** Bits that a write changes (WARL): lower half, upper half. The others stay. */
  readonly mask: readonly [low: number, high: number];
  readonly effect?: CsrEffect;
  readonly guard?: CsrGuard;
};

const ALL = [0xffff_ffff, 0xffff_ffff] as const;
const NONE = [0, 0] as const;
const LOW_WORD = [0xffff_ffff, 0] as const;

/** Exceptions that can be delegated: all that can happen below machine mode. */
const EXCEPTIONS = 0xb3ff;
/** Interrupts that there are, and those of the supervisor. */
const INTERRUPTS = 0xaaa;
const SUPERVISOR_INTERRUPTS = 0x222;
const SUPERVISOR_SOFTWARE = 0x2;

/** Fields of mstatus that sstatus shows. */
export const SUPERVISOR_STATUS: number = STATUS.sie | STATUS.spie | STATUS.spp | STATUS.fs | STATUS.sum | STATUS.mxr;
const MACHINE_STATUS =
  SUPERVISOR_STATUS | STATUS.mie | STATUS.mpie | STATUS.mpp | STATUS.mprv | STATUS.tvm | STATUS.tw | STATUS.tsr;

/** What misa holds: IMAFDC, supervisor and user mode; 64 bits (section 3.1.1). Nothing of it can be switched off. */
export const MISA = { low: 0x14_112d, high: 0x8000_0000 } as const;

type Row = Omit<CsrDescription, "number" | "name" | "source" | "mask">;

function field(
  number: number,
  name: keyof typeof STATE,
  mask: readonly [number, number],
  more: Row = {},
): CsrDescription {
  return { number, name, source: { type: "field", offset: STATE[name] }, mask, ...more };
}

function zero(number: number, name: string): CsrDescription {
  return { number, name, source: { type: "zero" }, mask: NONE };
}

function floating(number: number, name: "fflags" | "frm" | "fcsr", mask: number): CsrDescription {
  return { number, name, source: { type: "derived", from: name }, mask: [mask, 0], effect: name, guard: "float" };
}

function numbered(count: number, make: (index: number) => CsrDescription): CsrDescription[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const UNPRIVILEGED: readonly CsrDescription[] = [
  floating(0x001, "fflags", 0x1f),
  floating(0x002, "frm", 7),
  floating(0x003, "fcsr", 0xff),
  { number: 0xc00, name: "cycle", source: { type: "derived", from: "cycle" }, mask: NONE, guard: "counter" },
  { number: 0xc01, name: "time", source: { type: "derived", from: "time" }, mask: NONE, guard: "counter" },
  { number: 0xc02, name: "instret", source: { type: "derived", from: "instret" }, mask: NONE, guard: "counter" },
  ...numbered(29, (index) => ({ ...zero(0xc03 + index, `hpmcounter${index + 3}`), guard: "counter" })),
];

const SUPERVISOR: readonly CsrDescription[] = [
  {
    number: 0x100,
    name: "sstatus",
    source: { type: "derived", from: "sstatus" },
    mask: [SUPERVISOR_STATUS, 0],
    effect: "status",
  },
  {
    number: 0x104,
    name: "sie",
    source: { type: "derived", from: "sie" },
    mask: [SUPERVISOR_INTERRUPTS, 0],
    effect: "interrupts",
  },
  field(0x105, "stvec", ALL, { effect: "vector" }),
  field(0x106, "scounteren", LOW_WORD),
  field(0x10a, "senvcfg", [1, 0]),
  field(0x140, "sscratch", ALL),
  field(0x141, "sepc", [0xffff_fffe, 0xffff_ffff]),
  field(0x142, "scause", ALL),
  field(0x143, "stval", ALL),
  {
    number: 0x144,
    name: "sip",
    source: { type: "derived", from: "sip" },
    mask: [SUPERVISOR_SOFTWARE, 0],
    effect: "software-interrupts",
  },
  field(0x14d, "stimecmp", ALL, { effect: "timer", guard: "supervisor-timer" }),
  field(0x180, "satp", [0xffff_ffff, 0xffff_ffff], { effect: "translation", guard: "translation" }),
];

const MACHINE: readonly CsrDescription[] = [
  zero(0xf11, "mvendorid"),
  zero(0xf12, "marchid"),
  zero(0xf13, "mimpid"),
  field(0xf14, "mhartid", NONE),
  zero(0xf15, "mconfigptr"),
  {
    number: 0x300,
    name: "mstatus",
    source: { type: "derived", from: "mstatus" },
    mask: [MACHINE_STATUS, 0],
    effect: "status",
  },
  field(0x301, "misa", NONE),
  field(0x302, "medeleg", [EXCEPTIONS, 0]),
  field(0x303, "mideleg", [SUPERVISOR_INTERRUPTS, 0], { effect: "interrupts" }),
  field(0x304, "mie", [INTERRUPTS, 0], { effect: "interrupts" }),
  field(0x305, "mtvec", ALL, { effect: "vector" }),
  field(0x306, "mcounteren", LOW_WORD),
  // Cycles and retired instructions; the time can't be held.
  field(0x320, "mcountinhibit", [5, 0], { effect: "inhibit" }),
  field(0x30a, "menvcfg", [1, 0x8000_0000], { effect: "timer" }),
  field(0x340, "mscratch", ALL),
  field(0x341, "mepc", [0xffff_fffe, 0xffff_ffff]),
  field(0x342, "mcause", ALL),
  field(0x343, "mtval", ALL),
  {
    number: 0x344,
    name: "mip",
    source: { type: "derived", from: "mip" },
    mask: [SUPERVISOR_INTERRUPTS, 0],
    effect: "software-interrupts",
  },
  { number: 0xb00, name: "mcycle", source: { type: "derived", from: "cycle" }, mask: ALL, effect: "cycle" },
  { number: 0xb02, name: "minstret", source: { type: "derived", from: "instret" }, mask: ALL, effect: "instret" },
  ...numbered(29, (index) => zero(0xb03 + index, `mhpmcounter${index + 3}`)),
  ...numbered(29, (index) => zero(0x323 + index, `mhpmevent${index + 3}`)),
];

/** Of PMP, whose entries hold locks of their own, and of triggers, of which there are none. */
const PROTECTION_AND_DEBUG: readonly CsrDescription[] = [
  ...[0, 2].map((index): CsrDescription => {
    const source = { type: "field", offset: STATE.pmpcfg + index * 4 } as const;
    return { number: 0x3a0 + index, name: `pmpcfg${index}`, source, mask: ALL, effect: "pmp-config" };
  }),
  ...numbered(16, (index) => ({
    number: 0x3b0 + index,
    name: `pmpaddr${index}`,
    source: { type: "field", offset: STATE.pmpaddr + index * 8 },
    mask: [0xffff_ffff, 0x3f_ffff],
    effect: "pmp-address",
  })),
  zero(0x7a0, "tselect"),
  zero(0x7a1, "tdata1"),
  zero(0x7a2, "tdata2"),
  zero(0x7a3, "tdata3"),
];

/** All control and status registers that there are (Privileged Architecture 1.12, tables 2.2 to 2.6). */
export const CSR_TABLE: readonly CsrDescription[] = [
  ...UNPRIVILEGED,
  ...SUPERVISOR,
  ...MACHINE,
  ...PROTECTION_AND_DEBUG,
];
