import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileFilter, type FilterArchitecture } from "./compile-filter.ts";
import { FILTER_RULES } from "./filter-rules.ts";

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOWED = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

/** A call, and what the filter must say of it. */
const cases: readonly (readonly [string, FilterArchitecture, number, number, readonly number[], number])[] = [
  ["reading", "x64", X64, 0, [], ALLOWED],
  ["mounting", "x64", X64, 165, [], EPERM],
  ["mounting on arm64", "arm64", ARM64, 40, [], EPERM],
  ["call 40 of x64, which is another", "x64", X64, 40, [], ALLOWED],
  ["a thread", "x64", X64, 56, [0x3d0f00], ALLOWED],
  ["a user namespace by clone", "x64", X64, 56, [0x10000011], EPERM],
  ["clone3", "arm64", ARM64, 435, [], ENOSYS],
  ["unshare of files alone", "x64", X64, 272, [0x400], ALLOWED],
  ["unshare of time", "x64", X64, 272, [0x80], EPERM],
  ["an ordinary mode", "x64", X64, 90, [0, 0o755], ALLOWED],
  ["a set-group-id mode", "x64", X64, 90, [0, 0o2755], EPERM],
  ["a mode that open does not look at", "x64", X64, 257, [0, 0, 0, 0o4755], ALLOWED],
  ["a mode that open does look at", "x64", X64, 257, [0, 0, 0o101, 0o4755], EPERM],
  ["a Unix socket", "x64", X64, 41, [1], ALLOWED],
  ["a netlink socket", "arm64", ARM64, 198, [16], ALLOWED],
  ["vsock", "x64", X64, 41, [40], EPERM],
  ["an ordinary ioctl", "x64", X64, 16, [0, 0x5401], ALLOWED],
  ["TIOCSTI", "x64", X64, 16, [0, 0x5412], EPERM],
  ["a 32-bit program", "x64", 0x40000003, 0, [], ENOSYS],
  ["x32", "x64", X64, 0x40000000, [], ENOSYS],
];

describe("the filter of system calls judges", () => {
  for (const [name, architecture, audit, number, values, expected] of cases)
    it(name, () => assert.equal(judge(compileFilter(architecture), { audit, number, values }), expected));

  it("every call of its table, on both architectures", () => {
    for (const [architecture, audit] of [
      ["x64", X64],
      ["arm64", ARM64],
    ] as const)
      for (const rule of FILTER_RULES.filter(({ when }) => when === undefined)) {
        const number = rule[architecture];
        if (number === undefined) continue;
        const expected = rule.answer === "EPERM" ? EPERM : ENOSYS;
        assert.equal(judge(compileFilter(architecture), { audit, number, values: [] }), expected);
      }
  });
});

type Call = { readonly audit: number; readonly number: number; readonly values: readonly number[] };

/** Does what the kernel does with the instructions that the filter uses. */
function judge(program: Buffer, { audit, number, values }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(audit, 4);
  for (const [index, value] of values.entries()) data.writeUInt32LE(value, 16 + index * 8);
  let loaded = 0;
  for (let at = 0; at < program.length;) {
    const [operation, operand] = [program.readUInt16LE(at), program.readUInt32LE(at + 4)];
    const jump = (isTrue: boolean): number => program.readUInt8(at + (isTrue ? 2 : 3)) * 8;
    if (operation === 0x06) return operand;
    if (operation === 0x20) loaded = data.readUInt32LE(operand);
    else if (operation === 0x15) at += jump(loaded === operand);
    else if (operation === 0x35) at += jump(loaded >= operand);
    else if (operation === 0x45) at += jump((loaded & operand) !== 0);
    else assert.fail(`unknown operation ${operation}`);
    at += 8;
  }
  return assert.fail("the filter has no end");
}
