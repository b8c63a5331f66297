/* Owns: time of this process: a clock that nobody sets. */
#ifndef CLOISTER_CLOCK_H
#define CLOISTER_CLOCK_H

#include <stdint.h>

uint64_t now_ms(void);
void nap_ms(long milliseconds);

#endif
