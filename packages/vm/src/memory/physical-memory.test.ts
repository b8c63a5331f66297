import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { RAM_BASE, RAM_OFFSET } from "./layout.ts";
import { PAGE_BYTES } from "./page.ts";
import { createPhysicalMemory, type GuestMemory } from "./physical-memory.ts";

const PAGES = 64;
const SIZE = PAGES * PAGE_BYTES;
const FIRST_PAGE = RAM_BASE / PAGE_BYTES;
const memory = new WebAssembly.Memory({
  initial: Math.ceil((RAM_OFFSET + SIZE) / 65_536),
  maximum: 2000,
  shared: true,
});

function create(): { readonly ram: GuestMemory; readonly written: number[] } {
  const written: number[] = [];
  const ram = createPhysicalMemory({ memory, sizeBytes: SIZE, onWrite: (page) => written.push(page) });
  ram.takeDirty();
  return { ram, written };
}

describe("physical memory", () => {
  test("is the engine's memory from RAM_OFFSET on", () => {
    const { ram } = create();
    ram.writable(RAM_BASE + 5, 2)?.set([7, 8]);
    deepEqual([...new Uint8Array(memory.buffer, RAM_OFFSET + 4, 4)], [0, 7, 8, 0]);
    deepEqual([...(ram.readable(RAM_BASE + 6, 2) ?? [])], [8, 0]);
  });

  const outside: readonly (readonly [string, number, number])[] = [
    ["below RAM", RAM_BASE - 1, 1],
    ["over the end", RAM_BASE + SIZE - 1, 2],
    ["far above", 2 ** 52, 1],
    ["of negative length", RAM_BASE + 8, -1],
    ["of a length that wraps around", RAM_BASE + 8, 2 ** 64],
    ["at no address", Number.NaN, 1],
  ];
  for (const [what, address, length] of outside) {
    test(`gives no view ${what}`, () => {
      const { ram, written } = create();
      equal(ram.readable(address, length), undefined);
      equal(ram.writable(address, length), undefined);
      deepEqual([written, [...ram.takeDirty()]], [[], []]);
    });
  }

  test("reports each page that a device may write, once for each view, and none for a view of nothing", () => {
    const { ram, written } = create();
    ram.writable(RAM_BASE + PAGE_BYTES - 1, 2);
    equal(ram.writable(RAM_BASE + SIZE, 0)?.length, 0);
    deepEqual(written, [FIRST_PAGE, FIRST_PAGE + 1]);
    deepEqual([...ram.takeDirty()], [FIRST_PAGE, FIRST_PAGE + 1]);
    deepEqual([...ram.takeDirty()], []);
  });

  test("keeps the dirty pages of any writes, ascending, and no others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(3 * PAGE_BYTES)), { maxLength: 20 }),
        fc.array(fc.integer({ min: -3, max: PAGES + 40 })),
        (views, marked) => {
          const { ram } = create();
          const expected = new Set<number>();
          for (const [offset, wanted] of views) {
            const length = Math.min(wanted, SIZE - offset);
            ram.writable(RAM_BASE + offset, length);
            for (let at = offset; at < offset + length; at++) expected.add(FIRST_PAGE + Math.floor(at / PAGE_BYTES));
          }
          for (const page of marked) {
            ram.markDirty(FIRST_PAGE + page);
            if (page >= 0 && page < PAGES) expected.add(FIRST_PAGE + page);
          }
          deepEqual(
            [...ram.takeDirty()],
            [...expected].sort((one, other) => one - other),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  for (const sizeBytes of [0, -PAGE_BYTES, 100, 2 ** 32, Number.NaN]) {
    test(`refuses ${sizeBytes} bytes`, () =>
      throws(() => createPhysicalMemory({ memory, sizeBytes, onWrite: () => {} }), { code: "option_invalid" }));
  }
});
