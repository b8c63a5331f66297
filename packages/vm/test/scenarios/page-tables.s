/* All flags of an entry, at all levels of Sv39 and Sv48, for loads, stores and fetches of S and U mode, with SUM and MXR.
   Written for each: the cause (0: none), the entry's flags afterwards, the lowest byte of the trap's value. */
.equ TARGET, 0x40200010
  li s0, 8
modes:
  li s1, 0
levels:
  li s2, 0
privileges:
  li s3, 0
rights:
  li s4, 0
flags:
  li s5, 0
accesses:
  /* The tables: root, then one for each level; t3 goes down to the level of s1. */
  lla t3, root
  addi t2, s0, -6
  li t6, 9
  bne s0, t6, 1f
  sd zero, 8(t3)
  lla t4, upper
  srli t5, t4, 2
  ori t5, t5, 1
  sd t5, 0(t3)
  mv t3, t4
  li t2, 3
  beq s1, t2, leaf_top
  li t2, 2
1: addi t4, t3, 0
  /* Code and device: identity, for this privilege. */
  li t5, 0x200000cf
  bnez s2, 2f
  ori t5, t5, 0x10
2: sd t5, 16(t3)
  beq s1, t2, leaf_giga
  lla t4, middle
  srli t5, t4, 2
  ori t5, t5, 1
  sd t5, 8(t3)
  li t5, 1
  beq s1, t5, leaf_mega
  lla t3, lower
  srli t5, t3, 2
  ori t5, t5, 1
  sd t5, 8(t4)
  mv t4, t3
  li t5, 0x20080000
  or t5, t5, s4
  mv a6, t4
  j place
leaf_mega:
  li t5, 0x20080000
  or t5, t5, s4
  addi a6, t4, 8
  j place
leaf_giga:
  li t5, 0x20000000
  or t5, t5, s4
  addi a6, t3, 8
  j place
leaf_top:
  /* A superpage of 512 GiB from address 0 on would hold the code, too: only what is no leaf can be tried here. */
  j next_flags
place:
  sd t5, 0(a6)
  lla t3, root
  srli t3, t3, 12
  slli t4, s0, 60
  or t3, t3, t4
  csrw satp, t3
  li t3, TARGET
  sfence.vma t3
  li t3, 0xc0000
  csrc mstatus, t3
  slli t3, s3, 18
  csrs mstatus, t3
  lla s11, back
  li s8, TARGET
  lla t3, stubs
  slli t4, s5, 4
  add s9, t3, t4
  li t0, 0x1800
  csrc mstatus, t0
  slli t0, s2, 11
  csrs mstatus, t0
  csrw mepc, s9
  mret
.balign 16
stubs:
  ld a0, 0(s8)
  ecall
.balign 16
  sd zero, 16(s8)
  ecall
.balign 16
  jr s8
.balign 16
back:
  addi t0, t0, -8
  sltiu t3, t0, 4
  addi t0, t0, 8
  beqz t3, 1f
  li t0, 0
1: put_byte t0
  ld t3, 0(a6)
  put_byte t3
  put_byte t1
  addi s5, s5, 1
  li t0, 3
  bne s5, t0, accesses
next_flags:
  addi s4, s4, 1
  li t0, 256
  bne s4, t0, flags
  addi s3, s3, 1
  li t0, 4
  bne s3, t0, rights
  addi s2, s2, 1
  li t0, 2
  bne s2, t0, privileges
  addi s1, s1, 1
  addi t0, s0, -5
  bne s1, t0, levels
  addi s0, s0, 1
  li t0, 10
  bne s0, t0, modes
  j finished
.balign 4096
root: .zero 4096
upper: .zero 4096
middle: .zero 4096
lower: .zero 4096
/* What TARGET is mapped to: ecall. */
.org 0x200010
  ecall
