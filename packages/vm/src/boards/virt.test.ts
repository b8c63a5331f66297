import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import type { BusDevice, DeviceContext } from "../bus/port.ts";
import { createManualClock, createWire, type ManualClock, type Wire } from "../bus/testing/parts.ts";
import type { PowerRequest } from "../devices/syscon/syscon.ts";
import { RAM_BASE, RAM_OFFSET } from "../memory/layout.ts";
import { createPhysicalMemory, type GuestMemory } from "../memory/physical-memory.ts";
import { createVirtBoard, type HartLines, type VirtBoard } from "./virt.ts";

const SIZE = 8 * 2 ** 20;
const engine = new WebAssembly.Memory({ initial: (RAM_OFFSET + SIZE) / 65_536, maximum: 2000, shared: true });

type Subject = {
  readonly board: VirtBoard;
  readonly memory: GuestMemory;
  readonly clock: ManualClock;
  readonly hart: HartLines & { readonly supervisorExternal: Wire; readonly machineTimer: Wire };
  readonly powered: PowerRequest[];
  readonly contexts: DeviceContext[];
};

function create({ virtio = 1 }: { readonly virtio?: number } = {}): Subject {
  const [clock, powered, contexts] = [createManualClock(), [] as PowerRequest[], [] as DeviceContext[]];
  const memory = createPhysicalMemory({ memory: engine, sizeBytes: SIZE, onWrite: () => {} });
  const hart = {
    machineExternal: createWire(),
    supervisorExternal: createWire(),
    machineTimer: createWire(),
    machineSoftware: createWire(),
  };
  const createDevice = (context: DeviceContext): BusDevice => {
    contexts.push(context);
    const write = (): void => context.interrupt.set(true);
    return { name: context.name, read: () => 0x42, write, reset: () => {}, save: () => ({}), restore: () => {} };
  };
  const board = createVirtBoard({
    memory,
    clock,
    hart,
    wallClock: () => clock.now(),
    serial: { transmit: () => {} },
    power: (request) => powered.push(request),
    virtio: Array.from({ length: virtio }, () => createDevice),
  });
  return { board, memory, clock, hart, powered, contexts };
}

const view = new DataView(new ArrayBuffer(8));

function write(board: VirtBoard, address: number, value: number, size: 1 | 4 = 4): void {
  view.setUint32(0, value, true);
  ok(board.bus.write(address, size, view, 0), `nobody at 0x${address.toString(16)}`);
}

function read(board: VirtBoard, address: number): number {
  ok(board.bus.read(address, 4, view, 0), `nobody at 0x${address.toString(16)}`);
  return view.getUint32(0, true);
}

/** A kernel's Image that needs a MiB. */
function createKernel(): Uint8Array {
  const bytes = new Uint8Array(8192).fill(0x13);
  new DataView(bytes.buffer).setBigUint64(16, 0x10_0000n, true);
  new DataView(bytes.buffer).setBigUint64(24, 0n, true);
  bytes.set(Buffer.from("RSC\x05"), 56);
  return bytes;
}

function fdtget(memory: GuestMemory, address: number, ...query: readonly string[]): string {
  const header = memory.readable(address, 8) ?? new Uint8Array(8);
  const length = new DataView(header.buffer, header.byteOffset).getUint32(4);
  const tree = memory.readable(address, length);
  const { stdout, stderr } = spawnSync("fdtget", ["-t", "x", "-", ...query], {
    input: tree?.slice(),
    encoding: "utf8",
  });
  return stdout + stderr;
}

describe("the virt board", () => {
  test("brings a virtio device's and the serial port's interrupts to supervisor mode", () => {
    const { board, hart } = create({ virtio: 8 });
    for (const [source, address, value, size] of [
      [8, 0x1000_8050, 1, 4],
      [10, 0x1000_0001, 2, 1],
    ] as const) {
      write(board, 0xc00_0000 + source * 4, 1);
      write(board, 0xc00_2080, 2 ** source);
      write(board, address, value, size);
      equal(hart.supervisorExternal.high, true);
      equal(read(board, 0xc20_1004), source);
      equal(hart.supervisorExternal.high, false);
    }
  });

  test("wires timer and power control", () => {
    const { board, hart, clock, powered } = create();
    write(board, 0x200_4000, 10);
    write(board, 0x200_4004, 0);
    clock.advance(1000);
    equal(hart.machineTimer.high, true);
    write(board, 0x10_0000, 0x5555);
    deepEqual(powered, [{ kind: "power_off" }]);
  });

  test("gives each virtio device its name, and says of empty slots that they are", () => {
    const { board, contexts } = create({ virtio: 2 });
    deepEqual(
      contexts.map(({ name }) => name),
      ["virtio0", "virtio1"],
    );
    equal(read(board, 0x1000_2000), 0x42);
    for (const slot of [0x1000_3000, 0x1000_8000])
      deepEqual([read(board, slot), read(board, slot + 8), read(board, slot + 0x100)], [0x7472_6976, 0, 0]);
    equal(board.bus.read(0x1000_9000, 4, view, 0), false);
    throws(() => create({ virtio: 9 }), { code: "option_invalid", message: /8 slots/ });
  });

  test("goes on in another machine as its saved state says", () => {
    const { board } = create();
    write(board, 0xc00_0000 + 44, 7);
    write(board, 0x200_4000, 1234);
    const twin = create().board;
    twin.bus.restore(structuredClone(board.bus.save()));
    deepEqual([read(twin, 0xc00_0000 + 44), read(twin, 0x200_4000)], [7, 1234]);
    twin.bus.reset();
    deepEqual(twin.bus.save(), create().board.bus.save());
  });
});

describe("a boot", () => {
  test("has the kernel at 2 MiB, the RAM disk high, and the tree above it that says so", () => {
    const { board, memory } = create();
    const initrd = Uint8Array.from({ length: 5000 }, (_, index) => index & 0xff);
    const boot = board.loadBoot({ kernel: createKernel(), initrd, append: "quiet" });
    deepEqual([boot.entry, boot.privilege, boot.firmwareInfo], [RAM_BASE + 2 ** 21, "supervisor", 0]);
    deepEqual(memory.readable(boot.entry, 8192)?.slice(), createKernel());
    const start = boot.deviceTree - 8192;
    deepEqual(memory.readable(start, 5000)?.slice(), initrd);
    const queries = ["/chosen", "linux,initrd-start", "/chosen", "linux,initrd-end", "/memory@80000000", "reg"];
    equal(
      fdtget(memory, boot.deviceTree, ...queries),
      `0 ${start.toString(16)}\n0 ${(start + 5000).toString(16)}\n0 80000000 0 800000\n`,
    );
  });

  test("starts firmware first, and tells it of the kernel", () => {
    const { board, memory } = create();
    const boot = board.loadBoot({ kernel: createKernel(), firmware: Uint8Array.of(1, 2, 3, 4) });
    deepEqual([boot.entry, boot.privilege], [RAM_BASE, "machine"]);
    equal(Buffer.from(memory.readable(RAM_BASE, 4) ?? []).toString("hex"), "01020304");
    const info = memory.readable(boot.firmwareInfo, 48) ?? new Uint8Array(48);
    const words = new DataView(info.buffer, info.byteOffset);
    deepEqual(
      [0, 8, 16, 24, 32, 40].map((offset) => words.getBigUint64(offset, true)),
      [0x4942534fn, 2n, 0x8020_0000n, 1n, 0n, 0n],
    );
  });

  test("runs raw binaries in machine mode, and firmware alone", () => {
    const { board } = create();
    const { entry, privilege } = board.loadBoot({ kernel: Uint8Array.of(0x73, 0, 0, 0) });
    deepEqual([entry, privilege], [RAM_BASE + 2 ** 21, "machine"]);
    equal(board.loadBoot({ firmware: Uint8Array.of(0x73, 0, 0, 0) }).entry, RAM_BASE);
  });

  const fits = SIZE - 2 ** 21 - 2 ** 20 - 2 ** 20;
  test("fills memory to the last page", () => {
    const { board, memory } = create();
    const { deviceTree } = board.loadBoot({ kernel: createKernel(), initrd: new Uint8Array(fits) });
    equal(fdtget(memory, deviceTree, "/chosen", "linux,initrd-start"), "0 80300000\n");
  });

  const refused: readonly (readonly [string, Parameters<VirtBoard["loadBoot"]>[0], string, RegExp])[] = [
    ["nothing", {}, "option_invalid", /expected a kernel or firmware/],
    [
      "a RAM disk too large",
      { kernel: createKernel(), initrd: new Uint8Array(fits + 1) },
      "option_invalid",
      /1 MiB more/,
    ],
    ["a kernel too large", { kernel: new Uint8Array(SIZE) }, "option_invalid", /2 MiB more than the 8 MiB/],
    ["a packed kernel", { kernel: Uint8Array.of(0x1f, 0x8b) }, "image_invalid", /gzip/],
    ["a command line too long", { kernel: createKernel(), append: "x".repeat(2 ** 19) }, "option_invalid", /too long/],
    ["a NUL in it", { kernel: createKernel(), append: "a\0b" }, "option_invalid", /NUL/],
    [
      "firmware that reaches into the kernel",
      { kernel: createKernel(), firmware: new Uint8Array(2 ** 21 + 1) },
      "image_invalid",
      /reaches into/,
    ],
  ];
  for (const [what, images, code, message] of refused)
    test(`is refused with ${what}`, () => throws(() => create().board.loadBoot(images), { code, message }));
});
