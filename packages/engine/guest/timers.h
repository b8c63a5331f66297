/* Owns: that what waits for a time goes on once the machine comes out of a saved state. */
#ifndef CLOISTER_TIMERS_H
#define CLOISTER_TIMERS_H

/*
 * Has the kernel set the timer of every processor anew. QEMU before 10.2 brings a RISC-V machine back without the timers that were set when
 * it was saved, and the kernel sets one only where something is due earlier than what it takes to be set: a processor may wait for ever.
 */
void set_timers_anew(void);

#endif
