import { BLOCK, LOGGED_TRAPS, PROGRAM_TABLE } from "./stream-layout.ts";
import { assembleText } from "./toolchain.ts";

const registers = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

/** What a program has in x30 when it calls the environment to say that it ended. */
const END_MARK = 0x5e4d;

/** Ticks of 100 ns from one timer interrupt to the next. */
const TIMER_PERIOD = 7;

const START = `
.globl _start
_start:
  j start
.org 8
  j finish
parked:
  wfi
  j parked
start:
  csrr t0, mhartid
  bnez t0, parked
  lla t0, handler
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
next:
  li t0, 0x6000
  csrs mstatus, t0
  li t0, 0x1800
  csrc mstatus, t0
  ENABLE
  li t0, ${PROGRAM_TABLE}
  lla t1, index
  ld t2, 0(t1)
  ld t3, 0(t0)
  beq t2, t3, off
  addi t3, t2, 1
  sd t3, 0(t1)
  sh3add t0, t2, t0
  ld x31, 8(t0)
  ld t0, ${BLOCK.privilege}(x31)
  slli t1, t0, 11
  csrs mstatus, t1
  li t1, 3
  beq t0, t1, 1f
  lla t1, tables
  slli t0, t0, 12
  add t1, t1, t0
  srli t1, t1, 12
  li t0, 8
  slli t0, t0, 60
  or t1, t1, t0
  csrw satp, t1
  sfence.vma
1: ld t0, ${BLOCK.entry}(x31)
  csrw mepc, t0
  csrw mscratch, zero
  csrw mcause, zero
  csrw mtval, zero
  csrw sscratch, zero
  csrw sepc, zero
  csrw scause, zero
  csrw stval, zero
  csrw fcsr, zero
  ${registers(32, (index) => `fld f${index}, ${BLOCK.registers + 256 + index * 8}(x31)`)}
  ${registers(30, (index) => `ld x${index + 1}, ${BLOCK.registers + 8 + index * 8}(x31)`)}
  mret
off:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
`;

const FINISH_TEXT = `
finish:
  ${registers(32, (index) => `sd x${index}, ${BLOCK.result + index * 8}(x31)`)}
  ${registers(32, (index) => `fsd f${index}, ${BLOCK.result + 256 + index * 8}(x31)`)}
  csrr t0, fcsr
  sd t0, ${BLOCK.result + 512}(x31)
  ld t0, ${BLOCK.scratch}(x31)
  li t1, ${BLOCK.scratchBytes}
  add t1, t1, t0
  li t2, 0
  ld t3, multiplier
1: ld t4, 0(t0)
  xor t2, t2, t4
  mul t2, t2, t3
  srli t4, t2, 29
  xor t2, t2, t4
  addi t0, t0, 8
  bne t0, t1, 1b
  sd t2, ${BLOCK.result + 520}(x31)
  ld t0, ${BLOCK.trapCount}(x31)
  sd t0, ${BLOCK.result + 528}(x31)
  ld t0, ${BLOCK.trapHash}(x31)
  sd t0, ${BLOCK.result + 536}(x31)
  addi t0, x31, ${BLOCK.result}
  addi t1, t0, ${BLOCK.resultBytes}
  li t2, 0x10000000
1: lbu t3, 5(t2)
  andi t3, t3, 0x20
  beqz t3, 1b
  lbu t3, 0(t0)
  sb t3, 0(t2)
  addi t0, t0, 1
  bne t0, t1, 1b
  li x30, ${END_MARK}
  ecall
`;

/** Takes part in the hash, in the order in which they happen: cause, value and address of each trap. */
const HANDLER = `
.balign 4
handler:
  sd x29, ${BLOCK.saved}(x31)
  sd x28, ${BLOCK.saved + 8}(x31)
  sd x27, ${BLOCK.saved + 16}(x31)
  csrr x28, mcause
  bltz x28, interrupted
  li x27, ${END_MARK}
  bne x30, x27, 1f
  addi x29, x28, -8
  sltiu x29, x29, 4
  bnez x29, next
1: ld x29, multiplier
  ld x27, ${BLOCK.trapHash}(x31)
  xor x27, x27, x28
  mul x27, x27, x29
  csrr x28, mtval
  xor x27, x27, x28
  mul x27, x27, x29
  csrr x28, mepc
  xor x27, x27, x28
  mul x27, x27, x29
  srli x28, x27, 29
  xor x27, x27, x28
  sd x27, ${BLOCK.trapHash}(x31)
  ld x28, ${BLOCK.trapCount}(x31)
  sltiu x29, x28, ${LOGGED_TRAPS}
  beqz x29, 1f
  sh1add x29, x28, x28
  sh3add x29, x29, x31
  csrr x27, mcause
  sd x27, ${BLOCK.trapLog}(x29)
  csrr x27, mtval
  sd x27, ${BLOCK.trapLog + 8}(x29)
  csrr x27, mepc
  sd x27, ${BLOCK.trapLog + 16}(x29)
1:
  addi x28, x28, 1
  sd x28, ${BLOCK.trapCount}(x31)
  csrr x28, mcause
  addi x29, x28, -1
  beqz x29, elsewhere
  addi x29, x28, -12
  beqz x29, elsewhere
  csrr x28, mepc
  lhu x29, 0(x28)
  andi x29, x29, 3
  addi x29, x29, -3
  addi x28, x28, 2
  bnez x29, 1f
  addi x28, x28, 2
1: csrw mepc, x28
restore:
  ld x27, ${BLOCK.saved + 16}(x31)
  ld x28, ${BLOCK.saved + 8}(x31)
  ld x29, ${BLOCK.saved}(x31)
  mret
elsewhere:
  csrw mepc, x30
  j restore
interrupted:
  li x28, 0x200bff8
  ld x29, 0(x28)
  addi x29, x29, ${TIMER_PERIOD}
  li x28, 0x2004000
  sd x29, 0(x28)
  j restore
`;

const DATA = `
.balign 8
multiplier: .dword 0x9e3779b97f4a7c15
index: .dword 0
.org 0x8000
tables:
  .dword 0x000000cf | 0x10, 0, 0x200000cf | 0x10, 0
.org 0x9000
  .dword 0x000000cf, 0, 0x200000cf, 0
`;

/** How programs are run. */
export type RunnerOptions = {
  /** Whether timer interrupts, which nothing but the runner notices, come all the time. */
  readonly interrupts: boolean;
};

/** Machine code, for the start of RAM, that runs all programs of the table, writes their results to the serial port, and powers off. */
export function assembleRunner({ interrupts }: RunnerOptions): Uint8Array {
  const enable = interrupts ? "li t0, 0x80\n csrw mie, t0\n csrs mstatus, t0\n li t1, 0x2004000\n sd zero, 0(t1)" : "";
  return assembleText([START.replace("ENABLE", enable), FINISH_TEXT, HANDLER, DATA].join("\n"));
}
