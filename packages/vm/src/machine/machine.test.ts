import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createMemoryTree } from "../devices/virtio-9p/memory-tree.ts";
import { createMemoryDisk } from "../disk/memory-disk.ts";
import { webHost } from "../browser/web-host.ts";
import { nodeHost } from "../node/host.ts";
import { createMachine } from "./create-machine.ts";
import type { MachineOptions } from "./options.ts";
import { createTestMachine, power, print } from "./testing/bare-metal.ts";

const MODES = ["interpreter", "block", "region", "auto"] as const;
const FOREVER = "1: j 1b\n";

/** Sends back each byte that it takes from the serial port, until it took a q. Looks at the line status over and over. */
const ECHO = `
  ${print(">")}
  again:
    lbu t0, 5(s0)
    andi t0, t0, 1
    beqz t0, again
    lbu t1, 0(s0)
    sb t1, 0(s0)
    li t2, 'q'
    bne t1, t2, again
  ${power("off")}`;

suite("a machine ends as its guest asks", () => {
  for (const mode of MODES)
    test(`power-off, in mode ${mode}`, async () => {
      using machine = await createTestMachine(`${print("o")}${print("k")}${power("off")}`, { mode });
      assert.deepEqual(await machine.run(), { kind: "power_off" });
      assert.equal(machine.printed(), "ok");
    });

  test("failure, with its code", async () => {
    using machine = await createTestMachine(power("fail", 77));
    assert.deepEqual(await machine.run(), { kind: "fail", code: 77 });
  });

  test("what it asks for first counts", async () => {
    using machine = await createTestMachine(`li t0, 0x5555\n sw t0, (s1)\n ${power("fail", 1)}`);
    assert.deepEqual(await machine.run(), { kind: "power_off" });
  });

  test("after power-off it is powered on again", async () => {
    using machine = await createTestMachine(`${print("x")}${power("off")}`);
    await machine.run();
    await machine.run();
    assert.equal(machine.printed(), "xx");
  });
});

suite("a reset", () => {
  /** Counts its starts in memory behind the program, which a reset leaves as it is, and powers off at the third. */
  const text = `
    ${print("r")}
    li t1, 0x80100000
    lw t2, (t1)
    addi t2, t2, 1
    sw t2, (t1)
    li t3, 3
    beq t2, t3, done
    ${power("reset")}
    done: ${power("off")}`;

  test("starts the guest anew", async () => {
    using machine = await createTestMachine(text);
    assert.deepEqual(await machine.run(), { kind: "power_off" });
    assert.equal(machine.printed(), "rrr");
  });

  test("ends the run where reboots are not wanted", async () => {
    using machine = await createTestMachine(text, { noReboot: true });
    assert.deepEqual(await machine.run(), { kind: "reset" });
    assert.equal(machine.printed(), "r");
  });

  test("by its button, while it stands still", async () => {
    using machine = await createTestMachine(`${print("a")}${FOREVER}`);
    for (let start = 0; start < 2; start++) {
      const running = machine.run();
      await machine.pause();
      assert.deepEqual(await running, { kind: "paused" });
      machine.reset();
    }
    assert.equal(machine.printed(), "aa");
  });
});

suite("a pause", () => {
  test("keeps the guest where it is, and its clock with it", async () => {
    // Fails where more than a minute of its time (mtime, in 100 ns) goes by until it is sent a byte.
    const program = `
      li t1, 0x200bff8
      ld t2, (t1)
      ${print("1")}
      again:
        lbu t0, 5(s0)
        andi t0, t0, 1
        beqz t0, again
      ld t3, (t1)
      sub t3, t3, t2
      li t4, 600000000
      bltu t3, t4, fine
      ${power("fail", 1)}
      fine: ${power("off")}`;
    let hours = 0;
    const host = nodeHost();
    using machine = await createTestMachine(program, {
      host: { ...host, now: () => host.now() + hours * 3600e9 },
    });
    const running = machine.run();
    await machine.pause();
    assert.deepEqual(await running, { kind: "paused" });
    assert.equal(machine.printed(), "1");
    const before = machine.stats();
    hours = 1;
    assert.deepEqual(machine.stats(), before);
    const again = machine.run();
    await machine.console.write(Buffer.from("g"));
    assert.deepEqual(await again, { kind: "power_off" });
  });

  test("of a machine that doesn't run does nothing", async () => {
    using machine = await createTestMachine(power("off"));
    await machine.pause();
    assert.deepEqual(await machine.run(), { kind: "power_off" });
  });

  test("is needed before it is run a second time", async () => {
    using machine = await createTestMachine(FOREVER);
    const running = machine.run();
    await assert.rejects(machine.run(), { name: "VmError", code: "machine_failed" });
    await machine.pause();
    await running;
  });
});

suite("the console", () => {
  test("takes input as fast as the guest reads it", async () => {
    using machine = await createTestMachine(ECHO);
    const running = machine.run();
    const text = "0123456789".repeat(100);
    await machine.console.write(Buffer.from(text));
    await machine.console.write(Buffer.from("q"));
    assert.deepEqual(await running, { kind: "power_off" });
    assert.equal(machine.printed(), `>${text}q`);
  });

  test("has several listeners, until they stop", async () => {
    using machine = await createTestMachine(ECHO);
    const heard: string[] = [];
    machine.console.onData((bytes) => void heard.push(Buffer.from(bytes).toString()));
    machine.console.onData(() => void heard.push("never"))();
    const running = machine.run();
    await machine.console.write(Buffer.from("q"));
    await running;
    assert.equal(heard.join(""), ">q");
  });

  test("says when the guest has printed, and waits for an interrupt of its serial port", async () => {
    // The interrupt of the serial port is source 10 of the interrupt controller, enabled for machine mode.
    using machine = await createTestMachine(
      `${print(">")}
       li t0, 1
       sb t0, 1(s0)
       li t1, 0xc000000
       sw t0, 40(t1)
       li t1, 0xc002000
       li t0, 0x400
       sw t0, (t1)
       li t0, 0x800
       csrs mie, t0
       wfi
       lbu t1, 0(s0)
       sb t1, 0(s0)
       ${power("off")}`,
    );
    const running = machine.run();
    await machine.console.untilListening();
    assert.equal(machine.printed(), ">");
    await machine.console.write(Buffer.from("!"));
    assert.deepEqual(await running, { kind: "power_off" });
    assert.equal(machine.printed(), ">!");
  });
});

suite("devices", () => {
  test("are those that were asked for, in the order of their slots", async () => {
    // Prints the identifiers of the first five virtio slots, as letters from A (0) on.
    using machine = await createTestMachine(
      `li t1, 0x10001000
       li t2, 5
       next:
       lw t3, 8(t1)
       addi t3, t3, 'A'
       sb t3, (s0)
       li t4, 0x1000
       add t1, t1, t4
       addi t2, t2, -1
       bnez t2, next
       ${power("off")}`,
      {
        drives: [createMemoryDisk(new Uint8Array(512))],
        network: { link: { send: () => undefined, receive: () => undefined } },
        consolePorts: ["console", "agent"],
        balloon: true,
      },
    );
    assert.deepEqual(await machine.run(), { kind: "power_off" });
    // 2 block, 1 network, 3 console, 4 entropy, 5 balloon.
    assert.equal(machine.printed(), "CBDEF");
    assert.equal(machine.port("agent")?.name, "agent");
    assert.equal(machine.port("other"), undefined);
  });

  test("has what a host speaks through where it asks for that, and its fork has its own", async () => {
    using machine = await createTestMachine(power("off"), {
      network: { outbound: { connectTcp: () => Promise.reject(new Error("no way out")), resolve: async () => [] } },
      shares: [{ tag: "work", tree: createMemoryTree({ capacityBytes: 2 ** 20, now: () => 0 }) }],
      vsockContext: 3,
    });
    const fork = await machine.fork();
    for (const part of ["network", "vsock"] as const) {
      assert.notEqual(machine.devices[part], undefined);
      assert.notEqual(fork.devices[part], machine.devices[part]);
    }
    assert.equal(machine.devices.balloon, undefined);
    fork.close();
  });
});

suite("host", () => {
  for (const [name, host] of [
    ["nodeHost", nodeHost()],
    ["webHost", webHost()],
  ] as const)
    test(`${name} has time that goes on, sleeps that can be ended, and random bytes`, async () => {
      const before = host.now();
      await host.breathe();
      await host.sleep(60_000, (wake) => wake());
      assert.ok(host.now() > before);
      assert.ok(host.now() - before < 30e9);
      assert.ok(Math.abs(host.wallClock() / 1e6 - Date.now()) < 10_000);
      const bytes = new Uint8Array(new SharedArrayBuffer(100_000));
      host.random(bytes);
      assert.ok(new Set(bytes.subarray(-1000)).size > 100);
    });
});

suite("options that can't be are refused", () => {
  const host = nodeHost();
  const kernel = Uint8Array.of(0x6f, 0, 0, 0);
  const cases: readonly (readonly [string, Omit<MachineOptions, "host">, string])[] = [
    ["too little memory", { kernel, memoryMib: 15 }, "option_invalid"],
    ["too much memory", { kernel, memoryMib: 3501 }, "option_invalid"],
    ["part of a MiB", { kernel, memoryMib: 20.5 }, "option_invalid"],
    ["no slice", { kernel, sliceInstructions: 0 }, "option_invalid"],
    ["nothing to start", {}, "option_invalid"],
    [
      "a kernel of another machine",
      { kernel: Uint8Array.from({ length: 64 }, (_, at) => (at < 4 ? ([0x7f, 0x45, 0x4c, 0x46][at] ?? 0) : 0)) },
      "image_invalid",
    ],
    ["a kernel larger than memory", { kernel: new Uint8Array(15 * 2 ** 20), memoryMib: 16 }, "option_invalid"],
    ["a number of the guest's that is the host's", { kernel, vsockContext: 2 }, "option_invalid"],
    [
      "more devices than slots",
      { kernel, drives: Array.from({ length: 9 }, () => createMemoryDisk(new Uint8Array(512))) },
      "option_invalid",
    ],
  ];
  for (const [name, options, code] of cases)
    test(name, async () => {
      await assert.rejects(createMachine({ memoryMib: 16, host, ...options }), { name: "VmError", code });
    });
});
