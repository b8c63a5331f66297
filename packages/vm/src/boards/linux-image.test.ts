import { equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { readImageSize } from "./linux-image.ts";

/** The header of a kernel as the kernel's documentation lays it out. */
function createHeader(changes: { readonly size?: bigint; readonly flags?: bigint } = {}): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, changes.size ?? 0x10_0000n, true);
  view.setBigUint64(24, changes.flags ?? 0n, true);
  view.setUint32(32, 2, true);
  bytes.set(Buffer.from("RISCV"), 48);
  bytes.set(Buffer.from("RSC\x05"), 56);
  return bytes;
}

describe("a kernel's Image", () => {
  test("says how much memory it needs", () => equal(readImageSize(createHeader()), 0x10_0000));
  test("needs at least its own length", () => equal(readImageSize(createHeader({ size: 16n })), 4096));
  test("may say that it needs more than there is", () =>
    equal(readImageSize(createHeader({ size: 2n ** 40n })), 2 ** 40));
  test("is none without the magic number", () => equal(readImageSize(createHeader().fill(0, 56, 60)), undefined));
  test("is none where it is too short for a header", () =>
    equal(readImageSize(createHeader().subarray(0, 63)), undefined));

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["in gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /compressed \(gzip\)/],
    ["in xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), /compressed \(xz\)/],
    ["in zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), /compressed \(zstd\)/],
    ["that unpacks itself", Buffer.from("MZ\0\0zimg"), /self-extracting/],
    ["in big-endian", createHeader({ flags: 1n }), /big-endian/],
    ["of no size", createHeader({ size: 0n }), /no size/],
  ];
  for (const [what, bytes, message] of refused)
    test(`is refused ${what}`, () => throws(() => readImageSize(bytes), { code: "image_invalid", message }));
});
