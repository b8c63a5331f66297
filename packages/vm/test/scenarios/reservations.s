/* Each case: what the conditional store says, and what is there afterwards. Often enough to be hot. */
  lla s0, cell
  li s1, 120
again:
  li t0, 0x8000000000000001
  sd t0, 0(s0)
  sd t0, 8(s0)
  li a1, 0
  li a2, 0
  /* Without a reservation. */
  sc.d a0, a1, (s0)
  call note
  /* With one. */
  lr.d a2, (s0)
  sc.d a0, s1, (s0)
  call note
  /* A second time. */
  sc.d a0, a1, (s0)
  call note
  /* Elsewhere. */
  addi s2, s0, 8
  lr.w a2, (s0)
  sc.w a0, s1, (s2)
  call note
  /* After a store of something else to the place. */
  lr.w a2, (s0)
  not a3, a2
  sw a3, 0(s0)
  sc.w a0, s1, (s0)
  call note
  /* After a trap. */
  lr.d a2, (s0)
  lla s11, 1f
  ecall
1: lla t3, 2f
  csrw mepc, t3
  li t3, 0x1800
  csrs mstatus, t3
  mret
2: sc.d a0, s1, (s0)
  call note
  /* After another reservation. */
  lr.d a2, (s2)
  lr.d a2, (s0)
  sc.d a0, s1, (s0)
  call note
  /* Between them a branch, and a load. */
  lr.w a2, (s2)
  bnez s1, 3f
  nop
3: ld a4, 0(s0)
  sc.w a0, a4, (s2)
  call note
  /* A loop, as locks are taken. */
4: lr.d a2, (s0)
  add a3, a2, s1
  sc.d a0, a3, (s0)
  bnez a0, 4b
  call note
  addi s1, s1, -1
  bnez s1, again
  put s3
  put s4
  j finished
note:
  li t0, 120
  bne s1, t0, 1f
  put a0
  ld t0, 0(s0)
  put t0
1: ld t0, 0(s0)
  ld t1, 8(s0)
  slli s3, s3, 1
  rori s3, s3, 63
  xor s3, s3, t0
  rori s3, s3, 7
  xor s3, s3, t1
  rori s3, s3, 11
  add s3, s3, a0
  add s3, s3, a2
  add s4, s4, a0
  ret
.balign 16
cell: .dword 0, 0
