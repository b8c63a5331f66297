# GCC: the compiler itself, and what it compiles, with and without optimization.
cat >numbers.c <<'C'
#include <complex.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static double real(void) {
  uint64_t bits = next();
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static uint64_t sum = 14695981039346656037u;
static void add(const void *bytes, size_t length) {
  for (size_t at = 0; at < length; at++) sum = (sum ^ ((const unsigned char *)bytes)[at]) * 1099511628211u;
}
#define ADD(value) do { __typeof__(value) kept = (value); add(&kept, sizeof kept); } while (0)

int main(void) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
  printf("%a %e %g %.40f %.0f %5.1f|%-12.3e|%+G\n", 0.1, 1e308, 1e-5, 0.1, 2.5, -0.05, DBL_MIN, 1e20);
  printf("%La %.30Lg %Lg\n", 0.1L, 1.0L / 3, LDBL_MAX);
  printf("%.9g %a %g %g\n", (double)(1.0f / 3), (double)FLT_TRUE_MIN, (double)NAN, -INFINITY);
  for (int mode = 0; mode < 4; mode++) {
    fesetround(modes[mode]);
    feclearexcept(FE_ALL_EXCEPT);
    for (int step = 0; step < 3000; step++) {
      volatile double a = real(), b = real(), c = real();
      volatile float f = (float)a, g = (float)b;
      ADD(a + b); ADD(a * b); ADD(a / b); ADD(sqrt(fabs(a))); ADD(fma(a, b, c)); ADD(a - c);
      ADD(f + g); ADD(f * g); ADD(f / g); ADD(sqrtf(fabsf(f))); ADD(fmaf(f, g, (float)c));
      ADD(rint(a)); ADD(nearbyint(b)); ADD(trunc(c)); ADD(fmin(a, b)); ADD(fmaxf(f, g));
      volatile double small = (double)(int64_t)next() / 1024.0;
      ADD((int64_t)small); ADD((int32_t)(small / 4e9)); ADD(lrint(small)); ADD(llround(small)); ADD((float)small);
      ADD((double)(uint64_t)next()); ADD((float)(int64_t)next());
      ADD((int)isless(a, b)); ADD((int)signbit(c)); ADD((int)fpclassify(a * 1e-300));
    }
    printf("mode %d: %016" PRIx64 " flags %x\n", mode, sum, fetestexcept(FE_ALL_EXCEPT));
  }
  fesetround(FE_TONEAREST);
  for (int step = 0; step < 400; step++) {
    double a = ldexp((double)(int64_t)next(), -60);
    long double wide = (long double)a * 3 + 1 / (long double)(step + 1);
    ADD(sin(a)); ADD(cos(a)); ADD(exp(a)); ADD(log(fabs(a))); ADD(pow(fabs(a), 1.7)); ADD(atan2(a, 0.3)); ADD(tgamma(a + 9));
    ADD(sinf((float)a)); ADD(powf(2, (float)a)); ADD(creal(cexp(a + 1.5 * I))); ADD(wide); ADD(sqrtl(wide < 0 ? -wide : wide));
    ADD((double)expl(wide)); ADD((int64_t)(wide * 1e6L));
  }
  printf("mathematics: %016" PRIx64 "\n", sum);
  static const char *const texts[] = {"1e23", "0x1.8p-1074", "4.9406564584124654e-324", "9007199254740993", "nan", "-inf", "1e400", ".5x"};
  for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
    char *end;
    double value = strtod(texts[at], &end);
    printf("%s = %a, %td read\n", texts[at], value, end - texts[at]);
  }
  return 0;
}
C
cat >control.c <<'C'
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static jmp_buf place;
static sigjmp_buf fault;
static volatile sig_atomic_t caught;
static void dive(int depth) {
  if (depth == 300) longjmp(place, depth);
  dive(depth + 1);
  caught += 1000;
}
static void on_fault(int number) { siglongjmp(fault, number); }

static _Atomic int64_t counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t guarded;
static void *count(void *argument) {
  for (int step = 0; step < 20000; step++) {
    atomic_fetch_add(&counter, (intptr_t)argument);
    if (step % 16 == 0) { pthread_mutex_lock(&lock); guarded += step; pthread_mutex_unlock(&lock); }
  }
  return argument;
}

static ucontext_t here, there;
static int switches;
static void coroutine(void) { for (;;) { switches++; swapcontext(&there, &here); } }

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

int main(void) {
  int thrown = setjmp(place);
  if (thrown == 0) dive(0);
  printf("longjmp %d %d\n", thrown, (int)caught);

  struct sigaction action = {.sa_handler = on_fault};
  sigaction(SIGSEGV, &action, NULL); sigaction(SIGBUS, &action, NULL); sigaction(SIGILL, &action, NULL);
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(page, 7, 8192);
  mprotect(page + 4096, 4096, PROT_READ);
  if (sigsetjmp(fault, 1) == 0) { *(volatile uint64_t *)(page + 4092) = ~0ull; puts("not refused"); }
  else printf("refused, %02x %02x\n", page[4091], page[4095]);
  if (sigsetjmp(fault, 1) == 0) { __asm__ volatile(".word 0"); puts("not refused"); } else puts("illegal");
  if (sigsetjmp(fault, 1) == 0) { *(volatile int *)8 = 1; puts("not refused"); } else puts("no page");

  uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  long made = 0;
  for (uint32_t value = 0; value < 300; value++) {
    code[0] = 0x00000513u | value << 20; /* li a0, value */
    code[1] = 0x00008067u;               /* ret */
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    made += ((long (*)(void))code)();
  }
  printf("code made at run time: %ld\n", made);

  pthread_t threads[5];
  for (intptr_t at = 0; at < 5; at++) pthread_create(&threads[at], NULL, count, (void *)(at + 1));
  for (int at = 0; at < 5; at++) pthread_join(threads[at], NULL);
  printf("threads %" PRId64 " %" PRId64 "\n", (int64_t)counter, guarded);

  static char stack[65536];
  getcontext(&there);
  there.uc_stack.ss_sp = stack; there.uc_stack.ss_size = sizeof stack;
  makecontext(&there, coroutine, 0);
  for (int turn = 0; turn < 500; turn++) swapcontext(&here, &there);
  printf("contexts %d\n", switches);

  int ends[2];
  if (pipe(ends) != 0) return 1;
  for (int child = 0; child < 4; child++)
    if (fork() == 0) { uint64_t said = (uint64_t)child * 0x123456789abcdefull; return write(ends[1], &said, 8) == 8 ? child : 99; }
  int statuses = 0;
  uint64_t heard = 0, word;
  for (int child = 0; child < 4; child++) { int status; wait(&status); statuses += WEXITSTATUS(status); if (read(ends[0], &word, 8) == 8) heard += word; }
  printf("processes %d %" PRIx64 "\n", statuses, heard);

  static uint32_t table[50000];
  uint32_t seed = 12345, check = 0;
  for (int at = 0; at < 50000; at++) table[at] = seed = seed * 1664525 + 1013904223;
  qsort(table, 50000, 4, compare);
  for (int at = 0; at < 50000; at++) check = check * 31 + table[at];
  printf("sorted %08x\n", check);

  static uint8_t left[4099], right[4099], mixed[4099];
  for (int at = 0; at < 4099; at++) { left[at] = (uint8_t)(at * 7); right[at] = (uint8_t)(at >> 3); }
  uint64_t lanes = 0;
  for (int round = 0; round < 40; round++) {
    for (int at = 0; at < 4099; at++) { int together = left[at] + right[at]; mixed[at] = (uint8_t)(together > 255 ? 255 : together); }
    for (int at = 0; at < 4099; at++) lanes += (uint64_t)(mixed[at] ^ left[at]) * (unsigned)(at % 17);
    memmove(left + 3, left, 4000);
    for (int at = 0; at + 16 < 4099; at += 11) { uint64_t far; memcpy(&far, mixed + at + 1, 8); lanes ^= __builtin_bswap64(far) + (uint64_t)__builtin_popcountll(far) + (uint64_t)__builtin_clzll(far | 1); }
  }
  printf("lanes %016" PRIx64 "\n", lanes);

  int64_t values[] = {INT64_MIN, -1, 0, 1, 3, INT64_MAX};
  for (int a = 0; a < 6; a++) for (int b = 0; b < 6; b++) {
    volatile int64_t x = values[a], y = values[b];
    __int128 wide = (__int128)x * y;
    printf("%016" PRIx64 "%016" PRIx64 " ", (uint64_t)(wide >> 64), (uint64_t)wide);
    if (y != 0 && !(x == INT64_MIN && y == -1)) printf("%" PRId64 " %" PRId64 " %d", x / y, x % y, (int32_t)x / (int32_t)(y | 1));
    printf("%c", b == 5 ? '\n' : ';');
  }
  return 0;
}
C
gcc --version | head -n 1
for flags in -O0 -O2 "-O3 -funroll-loops -march=rv64gc_zba_zbb_zbs"; do
  for program in numbers control; do
    echo "$program $flags"
    gcc $flags -fno-fast-math -ffp-contract=off -pthread "$program.c" -o "$program" -lm
    objdump -d "$program" 2>/dev/null | cut -f3- | sha256sum
    "./$program"
    echo "ended with $?"
  done
done
gcc -O2 -S -o - control.c | sha256sum
