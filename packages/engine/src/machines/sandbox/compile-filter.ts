import { type ArgumentTest, FILTER_RULES, type FilterRule } from "./filter-rules.ts";

/** Architectures that there are filters for, as Node names them. */
export type FilterArchitecture = "x64" | "arm64";

/** One instruction of classic BPF (linux/filter.h): operation, jumps if true and if false, operand. */
type Instruction = readonly [operation: number, ifTrue: number, ifFalse: number, operand: number];

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

// Places in struct seccomp_data (linux/seccomp.h).
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const ARGUMENTS_AT = 16;
const ARGUMENT_BYTES = 8;

const ALLOW = 0x7fff0000;
const ANSWERS = { EPERM: 0x00050001, ENOSYS: 0x00050026 } as const;
/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (linux/audit.h). */
const AUDIT_ARCHITECTURES = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
/** From here on, numbers are those of x32: the same calls by other numbers, which nobody needs. */
const X32_NUMBERS = 0x40000000;

const load = (at: number): Instruction => [LOAD, 0, 0, at];
const answer = (value: number): Instruction => [RETURN, 0, 0, value];

/**
 * The filter for an architecture, as `bwrap --seccomp` reads it: little-endian instructions of classic BPF. Calls of any other
 * architecture (32-bit programs) do not exist for it.
 */
export function compileFilter(architecture: FilterArchitecture, rules: readonly FilterRule[] = FILTER_RULES): Buffer {
  const program: Instruction[] = [
    load(ARCHITECTURE_AT),
    [JUMP_EQUAL, 1, 0, AUDIT_ARCHITECTURES[architecture]],
    answer(ANSWERS.ENOSYS),
    load(NUMBER_AT),
    [JUMP_AT_LEAST, 0, 1, X32_NUMBERS],
    answer(ANSWERS.ENOSYS),
    ...rules.flatMap((rule) => compileRule(rule, rule[architecture])),
    answer(ALLOW),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [operation, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(operation, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
  }
  return bytes;
}

/** Expects the call's number to be loaded, and leaves it so. */
function compileRule({ answer: refusal, when = [] }: FilterRule, number: number | undefined): Instruction[] {
  if (number === undefined) return [];
  const end = [answer(ANSWERS[refusal])];
  // From the last test to the first: each must know how far it is to the end of the rule.
  const tests = when.reduceRight<Instruction[]>((rest, test) => [...compileTest(test, rest.length), ...rest], end);
  const body = when.length === 0 ? tests : [...tests, load(NUMBER_AT)];
  return [[JUMP_EQUAL, 0, body.length, number], ...body];
}

/** Goes on where the test holds, else jumps over `rest` instructions. */
function compileTest(test: ArgumentTest, rest: number): Instruction[] {
  const argument = load(ARGUMENTS_AT + test.argument * ARGUMENT_BYTES);
  if ("anyBit" in test) return [argument, [JUMP_ANY_BIT, 0, rest, test.anyBit]];
  if ("equals" in test) return [argument, [JUMP_EQUAL, 0, rest, test.equals]];
  const jumps = test.noneOf.map((value, index): Instruction => [
    JUMP_EQUAL,
    rest + test.noneOf.length - index - 1,
    0,
    value,
  ]);
  return [argument, ...jumps];
}
