/* A hot loop over two pages, with an instruction of four bytes across their border. Its second page is one of three, or none; each is changed. */
  lla t1, first
  srli t1, t1, 2
  ori t1, t1, 0xcf
  lla t0, lower
  sd t1, 0(t0)
  translate
  lla s11, caught
  li s0, 24
  lla t1, rounds
  enter t1, 0x800
caught:
  /* No second page: cause, address and program counter, and how far it came. */
  put t0
  put t1
  put t2
  put a0
  put a1
  lla t1, next_round
  enter t1, 0x800
rounds:
  /* The three second pages lie one after the other. The fourth time there is none. */
  andi t0, s0, 3
  li t1, 3
  li t2, 0
  beq t0, t1, 1f
  slli t0, t0, 12
  lla t1, seconds
  add t0, t0, t1
  srli t0, t0, 2
  ori t2, t0, 0xcf
1: lla t1, lower
  sd t2, 8(t1)
  li s1, 0x40001000
  andi t0, s0, 4
  beqz t0, 1f
  sfence.vma
  j 2f
1: sfence.vma s1
2: li s1, 0x40000ff0
  li a0, 0
  li a1, 0
  li s2, 3000
  jalr s1
  put a0
  put a1
  /* The immediate that is behind the border, and the operation after it, grow by one, through the identity map. */
  andi t0, s0, 3
  slli t0, t0, 12
  lla t1, seconds
  add t1, t1, t0
  lhu t0, 0(t1)
  addi t0, t0, 0x10
  sh t0, 0(t1)
  fence.i
  li s2, 3000
  jalr s1
  put a0
  lhu t0, 4(t1)
  addi t0, t0, 0x10
  sh t0, 4(t1)
  fence.i
  li s2, 300
  jalr s1
  put a0
  put a1
next_round:
  addi s0, s0, -1
  bnez s0, rounds
  j finished
.balign 4096
root:
  .dword 0xcf, 0, 0x200000cf
.org root + 4096
middle: .zero 4096
lower: .zero 4096
first:
.org first + 4080
.option norvc
  addi a0, a0, 1
  xor a1, a1, a0
.option rvc
  c.slli a1, 1
.option norvc
  add a1, a1, s2
  .2byte 0x0513          /* addi a0, a0, and 12 bits in the next page */
.macro second immediate, operation, value
  .2byte (\immediate << 4) | 5
  \operation a1, a1, \value
  addi s2, s2, -1
  bne s2, x0, . - 26
  ret
.endm
seconds:
  second 5, addi, 3
.org seconds + 4096
  second 7, xori, 0x55
.org seconds + 8192
  second 9, ori, 6
