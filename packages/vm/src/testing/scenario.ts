import { assembleText } from "./toolchain.ts";

/**
 * What every scenario begins with: one hart runs, in machine mode, PMP lets everything through. A trap of any kind that is not delegated
 * goes to where s11 points, with t0 its cause, t1 its value and t2 its address; in machine mode.
 */
const PROLOGUE = `
.macro put register
  mv t6, \\register
  li t5, 8
  li t4, 0x10000000
9: sb t6, 0(t4)
  srli t6, t6, 8
  addi t5, t5, -1
  bnez t5, 9b
.endm
.macro put_byte register
  li t4, 0x10000000
  sb \\register, 0(t4)
.endm
/* Goes on at an address with a privilege: 0 U, 0x800 S. */
.macro enter address, privilege
  li t0, 0x1800
  csrc mstatus, t0
  li t0, \\privilege
  csrs mstatus, t0
  csrw mepc, \\address
  mret
.endm
/* Has Sv39 translate by the tables root, middle (of its second GiB) and lower (of the first 2 MiB there). Changes t0 to t2. */
.macro translate
  lla t0, middle
  srli t1, t0, 2
  ori t1, t1, 1
  lla t2, root
  sd t1, 8(t2)
  lla t1, lower
  srli t1, t1, 2
  ori t1, t1, 1
  sd t1, 0(t0)
  srli t0, t2, 12
  li t1, 8
  slli t1, t1, 60
  or t0, t0, t1
  csrw satp, t0
  sfence.vma
.endm
.globl _start
_start:
  csrr t0, mhartid
  beqz t0, 1f
0: wfi
  j 0b
1: lla t0, trapped
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 0x6000
  csrs mstatus, t0
  lla s11, failed
  j scenario
.balign 4
trapped:
  csrr t0, mcause
  csrr t1, mtval
  csrr t2, mepc
  jr s11
failed:
  put t0
  put t1
  put t2
finished:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
0: j 0b
scenario:
`;

/** Puts a scenario's text behind what all begin with. It ends by a jump to `finished`; what it `put`s is what is compared. */
export function assembleScenario(text: string): Uint8Array {
  return assembleText(`${PROLOGUE}\n${text}`);
}
