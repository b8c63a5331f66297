/**
 * A program in machine mode, to be loaded anywhere: prints `ready`, then counts in loops until somebody types, prints what was typed, and
 * powers off. It fails where a loop ever comes to another sum.
 */
export const HOT_PROGRAM = `
        .equ UART, 0x10000000
        .equ LINE_STATUS, 5
        .equ SYSCON, 0x100000
        .equ ROUNDS, 1000
start:  li      s0, UART
        li      s1, SYSCON
        li      s2, ROUNDS * (ROUNDS + 1) / 2
        lla     a0, ready
print:  lbu     a1, 0(a0)
        beqz    a1, again
        sb      a1, 0(s0)
        addi    a0, a0, 1
        j       print
again:  li      a0, ROUNDS
        call    sum
        bne     a0, s2, wrong
        lbu     a1, LINE_STATUS(s0)
        andi    a1, a1, 1
        beqz    a1, again
        lbu     a1, 0(s0)
        sb      a1, 0(s0)
        li      a0, 0x5555
        sw      a0, 0(s1)
        j       .
wrong:  li      a0, 0x13333
        sw      a0, 0(s1)
        j       .
sum:    mv      a1, a0
        li      a0, 0
1:      add     a0, a0, a1
        addi    a1, a1, -1
        bnez    a1, 1b
        ret
ready:  .asciz  "ready: "
`;

/** Prints without end. */
export const FLOOD_PROGRAM = `
        li      s0, 0x10000000
1:      li      a1, 'a'
        sb      a1, 0(s0)
        j       1b
`;

/** Prints `ready: `, sleeps while nothing comes, prints what is typed, and powers off after a line. */
export const LINE_PROGRAM = `
        .equ UART, 0x10000000
        .equ INTERRUPT_ENABLE, 1
        .equ LINE_STATUS, 5
        .equ SYSCON, 0x100000
        .equ TIME_COMPARE, 0x2004000
        .equ TIME, 0x200bff8
        .equ MILLISECOND, 10000
        li      s0, UART
        li      a1, 1
        sb      a1, INTERRUPT_ENABLE(s0)
        li      a1, 1 << 7
        csrw    mie, a1
        lla     a0, ready
print:  lbu     a1, 0(a0)
        beqz    a1, sleep
        sb      a1, 0(s0)
        addi    a0, a0, 1
        j       print
sleep:  li      a0, TIME
        ld      a1, 0(a0)
        li      a0, MILLISECOND
        add     a1, a1, a0
        li      a0, TIME_COMPARE
        sd      a1, 0(a0)
        wfi
look:   lbu     a1, LINE_STATUS(s0)
        andi    a1, a1, 1
        beqz    a1, sleep
        lbu     a1, 0(s0)
        sb      a1, 0(s0)
        li      a0, '\\n'
        bne     a1, a0, look
        li      a0, SYSCON
        li      a1, 0x5555
        sw      a1, 0(a0)
        j       .
ready:  .asciz  "ready: "
`;
