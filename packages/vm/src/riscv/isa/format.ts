/** Which file a register operand is in. */
export type RegisterClass = "integer" | "float";

/** How the operands of an instruction lie in its bits, and how assemblers write them. */
export type Format = {
  readonly rd?: RegisterClass;
  readonly rs1?: RegisterClass;
  readonly rs2?: RegisterClass;
  readonly rs3?: RegisterClass;
  readonly immediate?: keyof typeof IMMEDIATES;
  /** Bits 12 to 14 are a rounding mode. */
  readonly rounding?: true;
  /** Operands as GNU objdump writes them; the words are those of `disassemble`. */
  readonly syntax: string;
};

/** Immediates of 32-bit instructions ("Immediate Encoding Variants"), as signed 32-bit numbers. */
export const IMMEDIATES = {
  i: (bits: number): number => bits >> 20,
  s: (bits: number): number => ((bits >> 25) << 5) | ((bits >> 7) & 0x1f),
  b: (bits: number): number =>
    ((bits >> 31) << 12) | ((bits << 4) & 0x800) | ((bits >> 20) & 0x7e0) | ((bits >> 7) & 0x1e),
  u: (bits: number): number => bits & ~0xfff,
  j: (bits: number): number => ((bits >> 31) << 20) | (bits & 0xff000) | ((bits >> 9) & 0x800) | ((bits >> 20) & 0x7fe),
  /** Amount of a shift, 0 to 63. */
  shift: (bits: number): number => (bits >> 20) & 0x3f,
  /** Number of the CSR in bits 0 to 11; rd's in bits 12 to 16: the slow side sets rd where it leaves the unit. */
  csr: (bits: number): number => (bits >>> 20) | (((bits >> 7) & 0x1f) << 12),
  /** As `csr`; the 5-bit immediate, which stands in place of rs1, in bits 17 to 21. */
  csrImmediate: (bits: number): number => (bits >>> 20) | (((bits >> 7) & 0x1f) << 12) | (((bits >> 15) & 0x1f) << 17),
  /** Predecessor set in bits 4 to 7, successor set in bits 0 to 3. */
  fence: (bits: number): number => (bits >> 20) & 0xff,
  /** Argument of `SYSTEM.sfenceVma`: bit 0: rs1 is x0; bit 1: rs2 is x0. */
  sfence: (bits: number): number => (((bits >> 15) & 0x1f) === 0 ? 1 : 0) | (((bits >> 20) & 0x1f) === 0 ? 2 : 0),
  /** The instruction itself. */
  bits: (bits: number): number => bits | 0,
} as const;

/** Name of a format. The first are the manual's; the others differ in classes of registers or in how they are written. */
export type FormatName =
  | "R"
  | "I"
  | "S"
  | "B"
  | "U"
  | "J"
  | "R4"
  | "shift"
  | "load"
  | "unary"
  | "none"
  | "illegal"
  | "fence"
  | "sfence-vma"
  | "csr"
  | "csr-immediate"
  | "atomic"
  | "load-reserved"
  | "float-load"
  | "float-store"
  | "float-R"
  | "float-unary"
  | "float-to-integer"
  | "integer-to-float"
  | "float-select"
  | "float-compare"
  | "float-move-out"
  | "float-move-in";

/** The formats. Those from `float-R` to `integer-to-float` round; the four after them do not. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  R: { rd: "integer", rs1: "integer", rs2: "integer", syntax: "rd,rs1,rs2" },
  I: { rd: "integer", rs1: "integer", immediate: "i", syntax: "rd,rs1,immediate" },
  S: { rs1: "integer", rs2: "integer", immediate: "s", syntax: "rs2,immediate(rs1)" },
  B: { rs1: "integer", rs2: "integer", immediate: "b", syntax: "rs1,rs2,target" },
  U: { rd: "integer", immediate: "u", syntax: "rd,upper" },
  J: { rd: "integer", immediate: "j", syntax: "rd,target" },
  R4: { rd: "float", rs1: "float", rs2: "float", rs3: "float", rounding: true, syntax: "rd,rs1,rs2,rs3,rounding" },
  shift: { rd: "integer", rs1: "integer", immediate: "shift", syntax: "rd,rs1,amount" },
  load: { rd: "integer", rs1: "integer", immediate: "i", syntax: "rd,immediate(rs1)" },
  unary: { rd: "integer", rs1: "integer", syntax: "rd,rs1" },
  none: { syntax: "" },
  illegal: { immediate: "bits", syntax: "bits" },
  fence: { immediate: "fence", syntax: "predecessor,successor" },
  "sfence-vma": { rs1: "integer", rs2: "integer", immediate: "sfence", syntax: "rs1,rs2" },
  csr: { rd: "integer", rs1: "integer", immediate: "csr", syntax: "rd,csr,rs1" },
  "csr-immediate": { rd: "integer", immediate: "csrImmediate", syntax: "rd,csr,unsigned" },
  atomic: { rd: "integer", rs1: "integer", rs2: "integer", syntax: "rd,rs2,(rs1)" },
  "load-reserved": { rd: "integer", rs1: "integer", syntax: "rd,(rs1)" },
  "float-load": { rd: "float", rs1: "integer", immediate: "i", syntax: "rd,immediate(rs1)" },
  "float-store": { rs1: "integer", rs2: "float", immediate: "s", syntax: "rs2,immediate(rs1)" },
  "float-R": { rd: "float", rs1: "float", rs2: "float", rounding: true, syntax: "rd,rs1,rs2,rounding" },
  "float-unary": { rd: "float", rs1: "float", rounding: true, syntax: "rd,rs1,rounding" },
  "float-to-integer": { rd: "integer", rs1: "float", rounding: true, syntax: "rd,rs1,rounding" },
  "integer-to-float": { rd: "float", rs1: "integer", rounding: true, syntax: "rd,rs1,rounding" },
  "float-select": { rd: "float", rs1: "float", rs2: "float", syntax: "rd,rs1,rs2" },
  "float-compare": { rd: "integer", rs1: "float", rs2: "float", syntax: "rd,rs1,rs2" },
  "float-move-out": { rd: "integer", rs1: "float", syntax: "rd,rs1" },
  "float-move-in": { rd: "float", rs1: "integer", syntax: "rd,rs1" },
};
