/* Hot loops read and write at 0x40000000 while other pages are mapped there: between them, in them, and by what they call. */
  /* s1: the pages' address. s2: where they are mapped. s3, s4: the entries of two pages. */
  li s1, 0x40000000
  lla s2, lower
  lla s3, first
  srli s3, s3, 2
  ori s3, s3, 0xcf
  addi s4, s3, 1024
  addi s4, s4, 1024
  sd s3, 0(s2)
  sd s4, 8(s2)
  translate
  lla t1, supervised
  enter t1, 0x800
supervised:
  /* Each doubleword holds a number of its own: the one before it and 0x123456789. */
  li t0, 1024
  li t1, 0x5b5b5b
  li t2, 0x123456789
  mv t3, s1
1: sd t1, 0(t3)
  add t1, t1, t2
  addi t3, t3, 8
  addi t0, t0, -1
  bnez t0, 1b

  /* Mapped between one run of a loop and the next. */
  li a1, 0
  li s5, 9000
between:
  li t0, 9
  addi t1, s1, 64
  li a0, 0
1: addi t1, t1, 8
  ld t2, -8(t1)
  add a0, a0, t2
  addi t0, t0, -1
  bnez t0, 1b
  xor t3, s3, s4
  ld t2, 0(s2)
  xor t2, t2, t3
  sd t2, 0(s2)
  sfence.vma s1
  li t3, 1001
  remu t3, s5, t3
  bnez t3, 2f
  put a0
2: add a1, a1, a0
  addi s5, s5, -1
  bnez s5, between
  put a1

  /* Mapped in the loop, at each eighth turn: the next one does not find the page, and leaves the unit. */
  li s5, 9000
  xor t3, s3, s4
1: andi t4, s5, 7
  bnez t4, 2f
  ld t2, 0(s2)
  xor t2, t2, t3
  sd t2, 0(s2)
  sfence.vma s1
2: ld t2, 16(s1)
  add a1, a1, t2
  addi s5, s5, -1
  bnez s5, 1b
  put a1

  /* Mapped by what the loop calls, as often. */
  li s5, 9000
1: slli a1, a1, 1
  ld t2, 24(s1)
  add a1, a1, t2
  jal other
  addi s5, s5, -1
  bnez s5, 1b
  put a1

  /* From one page into the next, at each distance from its end. */
  li s5, 1500
across:
  andi t0, s5, 7
  add t0, t0, s1
  li t1, 3900
  add t0, t0, t1
  li t1, 50
1: slli a1, a1, 1
  ld t2, 0(t0)
  lhu t3, 3(t0)
  xor a1, a1, t2
  add a1, a1, t3
  lw t4, -7(t0)
  sub a1, a1, t4
  addi t0, t0, 5
  addi t1, t1, -1
  bnez t1, 1b
  andi t3, s5, 255
  bnez t3, 2f
  put a1
2: addi s5, s5, -1
  bnez s5, across

  /* Written from one page into the next. */
  li s5, 1500
written:
  andi t0, s5, 7
  add t0, t0, s1
  li t1, 3990
  add t0, t0, t1
  li t1, 40
1: slli a1, a1, 1
  sd a1, 0(t0)
  sh t1, 11(t0)
  xor a1, a1, t1
  addi t0, t0, 7
  addi t1, t1, -1
  bnez t1, 1b
  addi s5, s5, -1
  bnez s5, written
  li t1, 64
  li t0, 3968
  add t0, t0, s1
1: ld t2, 0(t0)
  put t2
  addi t0, t0, 8
  addi t1, t1, -1
  bnez t1, 1b

  /* A list that goes to and fro between two pages, and back to the first. */
  mv t0, s1
  li t1, 40
  lui t4, 1
1: add t2, t0, t4
  sd t2, 0(t0)
  sd t1, 8(t0)
  addi t3, t0, 48
  sd t3, 0(t2)
  sd a1, 8(t2)
  mv t0, t3
  addi t1, t1, -1
  bnez t1, 1b
  sd s1, 0(t0)
  sd s5, 8(t0)
  li s5, 1000
list:
  mv t0, s1
  li t1, 100
1: slli a1, a1, 1
  ld t2, 8(t0)
  ld t0, 0(t0)
  xor a1, a1, t2
  addi t1, t1, -1
  bnez t1, 1b
  addi s5, s5, -1
  bnez s5, list
  put a1
  put t0
  j finished

.balign 4096
other:
  andi t3, s5, 7
  bnez t3, 1f
  xor t3, s3, s4
  ld t2, 0(s2)
  xor t2, t2, t3
  sd t2, 0(s2)
  sfence.vma s1
1: ret

.balign 4096
root:
  .dword 0xcf, 0, 0x200000cf
.org root + 4096
middle: .zero 4096
lower: .zero 4096
first: .zero 12288
