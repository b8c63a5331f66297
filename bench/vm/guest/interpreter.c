/*
 * A jump that goes elsewhere each time: an interpreter of a small stack machine, with one `switch` in a loop, as scripting languages have
 * it. The program that it runs counts how often the numbers below a limit need a step of the Collatz sequence.
 */
#include <stdint.h>
#include <stdio.h>

enum { LIMIT = 60000 };

enum operation { PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, AND, LESS, IS_ONE, JUMP, JUMP_IF, STOP };

/* The stack machine's variables. */
enum variable { NUMBER, VALUE, STEPS, HASH, VARIABLES };

typedef struct {
  uint8_t operation;
  uint32_t operand;
} instruction;

static const instruction program[] = {
    /*  0 */ {PUSH, 1},        {STORE, NUMBER},
    /*  2 */ {LOAD, NUMBER},   {STORE, VALUE},
    /*  4 */ {LOAD, VALUE},    {IS_ONE, 0},       {JUMP_IF, 25},
    /*  7 */ {LOAD, STEPS},    {PUSH, 1},         {ADD, 0},      {STORE, STEPS},
    /* 11 */ {LOAD, VALUE},    {PUSH, 1},         {AND, 0},      {JUMP_IF, 19},
    /* 15 */ {LOAD, VALUE},    {HALVE, 0},        {STORE, VALUE}, {JUMP, 4},
    /* 19 */ {LOAD, VALUE},    {PUSH, 3},         {MULTIPLY, 0}, {PUSH, 1}, {ADD, 0}, {JUMP, 17},
    /* 25 */ {LOAD, HASH},     {PUSH, 31},        {MULTIPLY, 0}, {LOAD, STEPS}, {ADD, 0}, {STORE, HASH},
    /* 31 */ {LOAD, NUMBER},   {PUSH, 1},         {ADD, 0},      {STORE, NUMBER},
    /* 35 */ {LOAD, NUMBER},   {PUSH, LIMIT},     {LESS, 0},     {JUMP_IF, 2},
    /* 39 */ {STOP, 0},
};

static uint64_t run(const instruction *code) {
  uint64_t stack[8] = {0};
  uint64_t variables[VARIABLES] = {0};
  uint64_t *top = stack;
  for (const instruction *next = code;;) {
    const instruction now = *next++;
    switch ((enum operation)now.operation) {
      case PUSH: *++top = now.operand; break;
      case LOAD: *++top = variables[now.operand]; break;
      case STORE: variables[now.operand] = *top--; break;
      case ADD: top--; *top += top[1]; break;
      case MULTIPLY: top--; *top *= top[1]; break;
      case HALVE: *top >>= 1; break;
      case AND: top--; *top &= top[1]; break;
      case LESS: top--; *top = *top < top[1]; break;
      case IS_ONE: *top = *top == 1; break;
      case JUMP: next = code + now.operand; break;
      case JUMP_IF: if (*top-- != 0) next = code + now.operand; break;
      case STOP: return variables[HASH];
    }
  }
}

int main(void) {
  printf("checksum %016llx\n", (unsigned long long)run(program));
  return 0;
}
