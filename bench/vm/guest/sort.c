/*
 * Calls through pointers and loads that depend on loads: heap-sort of records by orders that are given as functions, as qsort takes them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RECORDS = 1 << 16, ROUNDS = 18 };

typedef struct {
  uint32_t key;
  uint32_t serial;
} record;

typedef int (*order)(const record *, const record *);

static int by_key(const record *a, const record *b) { return a->key < b->key ? -1 : a->key > b->key; }
static int by_key_down(const record *a, const record *b) { return by_key(b, a); }
static int by_low_bits(const record *a, const record *b) {
  const uint32_t low_a = a->key & 0xff;
  const uint32_t low_b = b->key & 0xff;
  if (low_a != low_b) return low_a < low_b ? -1 : 1;
  return a->serial < b->serial ? -1 : a->serial > b->serial;
}

static record records[RECORDS];

static void swap(record *a, record *b) {
  const record kept = *a;
  *a = *b;
  *b = kept;
}

static void sift_down(record *heap, size_t root, size_t count, order compare) {
  for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
    if (child + 1 < count && compare(&heap[child], &heap[child + 1]) < 0) child++;
    if (compare(&heap[root], &heap[child]) >= 0) return;
    swap(&heap[root], &heap[child]);
    root = child;
  }
}

/* Not inlined: each order would get a sort of its own, without calls. */
static void __attribute__((noinline, noclone)) heap_sort(record *heap, size_t count, order compare) {
  for (size_t root = count / 2; root-- > 0;) sift_down(heap, root, count, compare);
  for (size_t end = count; end-- > 1;) {
    swap(&heap[0], &heap[end]);
    sift_down(heap, 0, end, compare);
  }
}

static void fill(uint32_t seed) {
  for (uint32_t serial = 0; serial < RECORDS; serial++) {
    seed = seed * 1664525u + 1013904223u; /* Numerical Recipes, 2nd edition, section 7.1 */
    records[serial] = (record){.key = seed >> 4, .serial = serial};
  }
}

int main(void) {
  static const order volatile orders[] = {by_key, by_key_down, by_low_bits};
  uint64_t checksum = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    fill(round + 1);
    heap_sort(records, RECORDS, orders[round % 3]);
    for (size_t index = 0; index < RECORDS; index += 97) checksum = checksum * 31 + records[index].key;
  }
  printf("checksum %016llx\n", (unsigned long long)checksum);
  return 0;
}
