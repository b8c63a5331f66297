/* Hot calls of small functions that return where they should, elsewhere, or not at all, that call, jump on and loop. */
  li sp, 0x80400000
  li s0, 20000
  li a0, 0
  li a1, 0
again:
  andi a2, s0, 7
  jal skipping
  addi a0, a0, 1
  addi a0, a0, 2
  jal calling
  xor a1, a1, a0
  jal jumping_on
  add a1, a1, a2
  jal looping
  jal into_table
  li t3, 5
  jal ending_far
  jal reads
  jal never_back
  addi a0, a0, 1000
back:
  mv a2, s0
  jal reads_link
  li t0, 1000
  remu t0, s0, t0
  bnez t0, 1f
  put a0
  put a1
1: addi s0, s0, -1
  bnez s0, again
  j finished

/* Returns behind the next instruction where a2 is 3. */
skipping:
  li t0, 3
  bne a2, t0, 1f
  addi ra, ra, 2
1: ret

/* Saves its address, as most do; calls what is far away in one case. */
calling:
  addi sp, sp, -16
  sd ra, 8(sp)
  beqz a2, 1f
  addi a0, a0, 5
  ld ra, 8(sp)
  addi sp, sp, 16
  ret
1: jal far
  ld ra, 8(sp)
  addi sp, sp, 16
  ret

/* Ends with a jump to another function, which returns in its place. */
jumping_on:
  andi t0, a0, 1
  beqz t0, far
  j near
near:
  addi a0, a0, 7
  ret

looping:
  addi t0, a2, 3
1: add a0, a0, t0
  addi t0, t0, -1
  bnez t0, 1b
  beqz a2, 2f
  ret
2: xori a0, a0, 0x55
  ret

/* Jumps to a place that it works out. */
into_table:
  lla t0, 1f
  andi t1, a0, 3
  slli t1, t1, 3
  add t0, t0, t1
  jr t0
.option norvc
1: addi a0, a0, 1
  ret
  addi a0, a0, 3
  ret
  addi a0, a0, 5
  ret
  addi a0, a0, 7
  ret
.option rvc

/* Goes somewhere else than its caller says, every second time. */
never_back:
  andi t0, s0, 1
  beqz t0, 1f
  ret
1: lla ra, back
  ret

/* Ends far away at times, where t3 is set, which only what is called next reads. */
ending_far:
  andi t0, s0, 1
  bnez t0, 1f
  j sets
1: ret

/* What it was called from is a number like any other. */
reads_link:
  lla t0, back
  sub t0, ra, t0
  add a1, a1, t0
  ret

.balign 4096
far:
  slli t0, a0, 1
  xor a0, a0, t0
  li t0, 0xffffff
  and a0, a0, t0
  ret

.balign 4096
sets:
  li t3, 9
  ret
reads:
  add a1, a1, t3
  ret
