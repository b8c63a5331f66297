/* Delegated timer interrupts by stimecmp, while a hot loop computes: its result does not depend on them. */
  li t0, 0x20
  csrw mideleg, t0
  li t0, 2
  csrw mcounteren, t0
  li t0, 1
  slli t0, t0, 63
  csrs menvcfg, t0
  lla t0, interrupted
  csrw stvec, t0
  lla t0, supervised
  enter t0, 0x800
supervised:
  li t0, 0x20
  csrw sie, t0
  csrr t0, time
  addi t0, t0, 200
  csrw 0x14d, t0
  csrsi sstatus, 2
  li s0, 0
  li s1, 1
  li s2, 0x5851f42d4c957f2d
  li s3, 40
  fcvt.d.l fs0, s1
  li s5, 0
/* Until 40 interrupts came, 1000 turns at a time: the sum of each is the same. */
bursts:
  li s4, 1000
  li s1, 1
  fcvt.d.l fs1, s1
turns:
  mul s1, s1, s2
  addi s1, s1, 11
  fadd.d fs1, fs1, fs0
  addi s4, s4, -1
  bnez s4, turns
  fcvt.l.d t0, fs1
  add t0, t0, s1
  beqz s5, 1f
  bne t0, s5, wrong
1: mv s5, t0
  blt s0, s3, bursts
  put s5
  /* WFI ends by the interrupt, with interrupts on and off. */
  li s3, 45
2: wfi
  blt s0, s3, 2b
  csrci sstatus, 2
  csrr t0, time
  addi t0, t0, 200
  csrw 0x14d, t0
3: wfi
  csrr t0, sip
  andi t0, t0, 0x20
  beqz t0, 3b
  put t0
  put s3
  j finished
wrong:
  put t0
  put s0
  j finished
.balign 4
interrupted:
  csrw sscratch, t0
  csrr t0, time
  addi t0, t0, 200
  csrw 0x14d, t0
  addi s0, s0, 1
  csrr t0, sscratch
  sret
