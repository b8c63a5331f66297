/*
 * What the workloads need where there is no system: a stack, the serial port, and an end. For QEMU's board `virt`, in machine mode.
 */
#include <stdarg.h>
#include <stdint.h>

enum { POWER_OFF = 0x5555 };

static volatile uint8_t *const serial_port = (volatile uint8_t *)0x10000000;
static volatile uint32_t *const test_device = (volatile uint32_t *)0x100000;

int main(void);
int printf(const char *format, ...);

__asm__(".section .text.unlikely, \"ax\"\n" /* what linkers put first */
        ".globl _start\n"
        "_start:\n"
        "  la sp, stack_end\n"
        "  call start\n"
        ".bss\n"
        ".align 4\n"
        "  .skip 65536\n"
        "stack_end:\n"
        ".text\n");

void __attribute__((used, noreturn)) start(void) {
  main();
  *test_device = POWER_OFF;
  for (;;) {
  }
}

/* All that the workloads print: text, and one number of 16 hexadecimal digits for each `%016llx`. */
int printf(const char *format, ...) {
  va_list values;
  va_start(values, format);
  for (; *format != '\0'; format++) {
    if (*format != '%') {
      *serial_port = (uint8_t)*format;
      continue;
    }
    const unsigned long long value = va_arg(values, unsigned long long);
    for (int shift = 60; shift >= 0; shift -= 4) *serial_port = (uint8_t) "0123456789abcdef"[(value >> shift) & 15];
    format += sizeof "016llx" - 1;
  }
  va_end(values);
  return 0;
}

/* The compiler may ask for it wherever something large is set. */
void *memset(void *target, int value, unsigned long count) {
  for (uint8_t *byte = target; count > 0; count--) *byte++ = (uint8_t)value;
  return target;
}
