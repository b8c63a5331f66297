/**
 * Machines of a disk that Cloister did not build: its system has Debian's qemu-guest-agent and not Cloister's. What the manager and every
 * run do with a machine is done with it here, in QEMU on an emulated processor.
 */
import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { CloisterError, type DriverName } from "@cloister/core";
import { startLibvirtd } from "@cloister/testkit";
import type { ExecSpec } from "../../src/machines/guest/port.ts";
import { openImages, openMachines } from "../../src/machines/open-machines.ts";
import { makeForeignDisks, type ForeignDisks } from "../../src/machines/foreign/testing/foreign-disk.ts";
import type { StoredImage } from "../../src/machines/images/port.ts";
import type { MachineManager, MachineView } from "../../src/machines/manager/port.ts";
import { runIn, saidIn, startIn, outcomeOf } from "../../src/machines/testing/run-in-machine.ts";
import { makeTestHome, type TestHome, tinyImage } from "../../src/machines/testing/test-home.ts";

const LIMITS = { memoryMib: 256, cpus: 1, diskMib: 64, processes: 64 };
/** A file of the disk, the number of the user `agent`, and nothing that was in memory. */
const BOOTED = "kept\n1001\nls: /run/word: No such file or directory";
const POLICY = { limits: LIMITS, egress: [], secrets: [], mounts: [], copyCredentials: false };

const BLOCKED = {
  message: /qemu-guest-agent of the image to allow guest-exec, it refused: .*guest-exec/,
  remedy: /^Allow guest-exec, /,
};

/** Expects that a machine is refused for its image, and that nothing of it is left. */
async function isNotMade(
  manager: MachineManager,
  driver: DriverName,
  { digest }: StoredImage,
  said: { readonly message: RegExp; readonly remedy: RegExp },
): Promise<void> {
  const name = "never";
  await assert.rejects(manager.create({ driver, image: digest, name, policy: POLICY }), (error) => {
    assert.ok(CloisterError.isInstance(error) && error.code === "image_invalid", String(error));
    assert.match(error.message, said.message);
    assert.match(error.remedy ?? "", said.remedy);
    return true;
  });
  assert.deepEqual(
    (await manager.list()).filter((machine) => machine.name === name),
    [],
  );
}

suite("a machine of a disk with qemu-guest-agent alone", () => {
  let home: TestHome;
  let env: Readonly<Record<string, string>>;
  let manager: MachineManager;
  let disks: ForeignDisks;
  before(async () => {
    home = makeTestHome();
    disks = makeForeignDisks(join(home.folder, "foreign"), await tinyImage(home));
    // Images of its own: these disks are other ones every time, and the tests' common store would grow by them.
    env = { ...home.env, CLOISTER_STATE_HOME: join(home.folder, "own"), CLOISTER_BOOT_SECONDS: "60" };
    manager = openMachines(env);
  });
  after(async () => {
    for (const { id } of await manager.list()) await manager.remove(id);
    manager[Symbol.dispose]();
    home[Symbol.dispose]();
  });

  function importAs(name: string, kernelArguments: string): Promise<StoredImage> {
    const words = `root=/dev/vda rw ${kernelArguments}`;
    return openImages(env).importDisk(
      { ...disks.withKernel, name, kernelArguments: words },
      { onProgress: () => undefined },
    );
  }

  function create(image: StoredImage, name: string): Promise<MachineView> {
    return manager.create({ driver: "qemu", image: image.digest, name, policy: POLICY });
  }

  test("runs programs with streams, status and terminal, takes files and gives them back, and knows itself", async () => {
    await create(await importAs("plain", "agent=plain"), "one");
    await using machine = await manager.open("one");
    const { stdout, stderr, end } = await runIn(machine, "id -un; pwd; echo wrong >&2; exit 7");
    assert.deepEqual([stdout, stderr, end.code], ["agent\n/home/agent\n", "wrong\n", 7]);
    assert.equal(await saidIn(machine, "tty", { terminal: { columns: 80, rows: 24 } }), "/dev/pts/0");
    const reader = startIn(machine, ["cat"], { stdin: "open" });
    await reader.write(Buffer.from("there and back"));
    reader.closeInput();
    assert.equal((await outcomeOf(reader)).stdout, "there and back");
    const content = randomBytes(200_000);
    await machine.guest.putFile("/home/agent/file", bytesOf(content), { user: "agent" });
    assert.equal((await saidIn(machine, "sha256sum file")).split(" ")[0], hash("sha256", content));
    assert.deepEqual(await buffer(machine.guest.getFile("/home/agent/file", { maxBytes: 300_000 })), content);
    assert.equal(await saidIn(machine, "hostname; id -u"), "one\n1001", "the number 1000 was somebody else's");
    const refusal = await saidIn(machine, "wget -Y on -O - http://example.org/ 2>&1 || true");
    assert.match(refusal, /403/, "its way out is the egress proxy, over a loopback that somebody has raised");
    const { stdout: agents } = await runIn(machine, "ps | grep -v grep | grep guest", { user: "root" });
    const second = await runIn(machine, ["/var/lib/cloister/cloister-guest", "attend"], { user: "root" });
    assert.equal(second.end.code, 0, "another agent beside it has nothing to do, and ends");
    assert.match(agents, /\/var\/lib\/cloister\/cloister-guest attend/, "no program runs from its /run");
  });

  test("is saved with its memory, goes back to that, is forked and cloned, and starts again", async () => {
    await inMachine("one", "echo kept >/home/agent/kept; sync; echo in memory >/run/word", { user: "root" });
    await manager.snapshot("one", "early", "full");
    await inMachine("one", "echo later >/run/word; rm /home/agent/kept; sync", { user: "root" });
    await manager.restore("one", "early");
    const look = "cat /run/word /home/agent/kept; hostname";
    assert.equal(await inMachine("one", look), "in memory\nkept\none");
    await manager.fork("one", ["two"]);
    assert.equal(await inMachine("two", look), "in memory\nkept\ntwo");
    await manager.remove("two");
    await manager.clone("one", { name: "three" });
    assert.equal(await inMachine("three", "cat /home/agent/kept; id -u; ls /run/word 2>&1 || true"), BOOTED);
    await manager.stop("three");
    await manager.start("three");
    assert.equal(await inMachine("three", "cat /home/agent/kept; id -u; ls /run/word 2>&1 || true"), BOOTED);
    await Promise.all(["one", "three"].map((name) => manager.remove(name)));
  });

  test("boots by its own boot loader where no kernel is named", async () => {
    const image = await openImages(env).importDisk(
      { ...disks.bootable, name: "bootable" },
      { onProgress: () => undefined },
    );
    await create(image, "four");
    assert.match(
      await inMachine("four", "id -un; grep ' / ' /proc/mounts; cat /proc/cmdline"),
      /^agent\n\/dev\/vda2 .*\nBOOT_IMAGE=vmlinuz/s,
    );
    await manager.remove("four");
  });

  test("is made by libvirt as well, which keeps the port of qemu-guest-agent to itself", async () => {
    await using libvirt = await startLibvirtd();
    using owner = openMachines({ ...env, ...libvirt.env });
    const blocked = await importAs("blocked", "agent=blocked");
    await Promise.all([
      owner.create({ driver: "libvirt", image: "plain", name: "five", policy: POLICY }),
      isNotMade(owner, "libvirt", blocked, BLOCKED),
    ]);
    try {
      await using machine = await owner.open("five");
      assert.equal(await saidIn(machine, "id -un; hostname"), "agent\nfive");
    } finally {
      await owner.remove("five");
    }
  });

  test("is not made where its agent may not start programs, or is not there, and the error says what to do", async () => {
    await isNotMade(manager, "qemu", await importAs("blocked", "agent=blocked"), BLOCKED);
    using hasty = openMachines({ ...env, CLOISTER_BOOT_SECONDS: "5" });
    await isNotMade(hasty, "qemu", await importAs("none", "agent=none"), {
      message: /a guest agent in it, Cloister's or qemu-guest-agent, to listen within 5 s, none did/,
      remedy: /^Install qemu-guest-agent on the disk/,
    });
  });

  /** What a program in a machine says that is opened for it alone. */
  async function inMachine(name: string, script: string, spec: Partial<ExecSpec> = {}): Promise<string> {
    await using machine = await manager.open(name);
    return await saidIn(machine, script, spec);
  }
});

async function* bytesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
