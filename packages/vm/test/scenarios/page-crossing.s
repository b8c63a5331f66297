/* Pages 0 and 2 are there, page 1 is not, and page 3 can be read only. Accesses from each into the next, hot, of all sizes. */
  lla t2, lower
  lla t1, pages
  srli t1, t1, 2
  ori t3, t1, 0xc7
  sd t3, 0(t2)
  addi t1, t1, 0x400
  ori t3, t1, 0xc7
  sd t3, 16(t2)
  addi t1, t1, 0x400
  ori t3, t1, 0xc3
  sd t3, 24(t2)
  translate
  lla s0, cases
next_case:
  lla t0, cases_end
  beq s0, t0, finished
  ld s1, 0(s0)
  ld s2, 8(s0)
  addi s0, s0, 16
  li s3, 250
  li s4, 0
  li s5, 0
  li s6, 0
  li a0, 0x1122334455667788
  lla s11, caught
  enter s2, 0x800
caught:
  /* The cause, and how often; where the last one was. The first instruction is of four bytes. */
  add s4, s4, t0
  add s5, s5, t1
  li t3, 9
  beq t0, t3, case_done
  addi s6, s6, 1
  addi t2, t2, 4
  enter t2, 0x800
case_done:
  put s4
  put s5
  put s6
  put a0
  lla t0, pages + 4096
  ld t1, -8(t0)
  put t1
  ld t1, 0(t0)
  put t1
  lla t0, pages + 8192
  ld t1, -8(t0)
  put t1
  ld t1, 0(t0)
  put t1
  j next_case
.option norvc
.macro stub name, instruction
\name:
  \instruction a0, 0(s1)
  addi s3, s3, -1
  bnez s3, \name
  ecall
.endm
stub load_half, lhu
stub load_word, lw
stub load_double, ld
stub store_half, sh
stub store_word, sw
stub store_double, sd
.balign 8
cases:
.macro all page
  .dword 0x40000fff + \page * 4096, load_half
  .dword 0x40000ffd + \page * 4096, load_word
  .dword 0x40000ffe + \page * 4096, load_double
  .dword 0x40000ff9 + \page * 4096, load_double
  .dword 0x40000fff + \page * 4096, store_half
  .dword 0x40000ffe + \page * 4096, store_word
  .dword 0x40000ffc + \page * 4096, store_double
  .dword 0x40000fff + \page * 4096, store_double
.endm
all 0
all 1
all 2
cases_end:
.balign 4096
root:
  .dword 0xcf, 0, 0x200000cf
.org root + 4096
middle: .zero 4096
lower: .zero 4096
pages:
  .fill 1536, 8, 0xa5c3b2d1e0f09788
