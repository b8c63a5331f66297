/*
 * Calls and returns: Fibonacci numbers by recursion, some 70 million calls in all. What an engine has to do well here is to
 * follow a return without looking its address up.
 */
#include <stdint.h>
#include <stdio.h>

enum { ROUNDS = 8, ARGUMENT = 32 };

/* Neither inlined nor cloned: the compiler would turn the recursion into loops. */
static uint64_t __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) fibonacci(uint64_t number) {
  return number < 2 ? number : fibonacci(number - 1) + fibonacci(number - 2);
}

int main(void) {
  uint64_t checksum = 0;
  for (volatile uint64_t round = 0; round < ROUNDS; round++) checksum = checksum * 31 + fibonacci(ARGUMENT + (round & 1));
  printf("checksum %016llx\n", (unsigned long long)checksum);
  return 0;
}
