/* Supervisor code calls a page 300 times, maps another there, fences all or that one, and calls again. */
  translate
  lla t1, supervised
  enter t1, 0x800
supervised:
  li s0, 12
rounds:
  /* The three bodies, one after the other: their distance is a page. */
  li t0, 3
  remu t0, s0, t0
  slli t0, t0, 12
  lla t1, bodies
  add t0, t0, t1
  srli t0, t0, 2
  ori t0, t0, 0xcf
  lla t1, lower
  sd t0, 0(t1)
  li s1, 0x40000000
  andi t0, s0, 1
  beqz t0, 1f
  sfence.vma
  j 2f
1: sfence.vma s1
2: li s2, 300
  li a0, 0
calls:
  jalr s1
  addi s2, s2, -1
  bnez s2, calls
  put a0
  /* The first body's immediate grows by one, through the identity map. */
  lla t1, bodies
  lw t0, 0(t1)
  li t2, 1 << 20
  add t0, t0, t2
  sw t0, 0(t1)
  fence.i
  li s2, 300
3: jalr s1
  addi s2, s2, -1
  bnez s2, 3b
  put a0
  addi s0, s0, -1
  bnez s0, rounds
  j finished
.balign 4096
root:
  .dword 0xcf, 0, 0x200000cf
.org root + 4096
middle: .zero 4096
lower: .zero 4096
bodies:
.option norvc
  addi a0, a0, 1
  ret
.org bodies + 4096
  slli a0, a0, 1
  addi a0, a0, 3
  ret
.org bodies + 8192
  xori a0, a0, 0x55
  addi a0, a0, 7
  ret
