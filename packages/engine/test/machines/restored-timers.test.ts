/**
 * QEMU before 10.2 restores RISC-V machines without the timers that their processors had set: what waited for a time there waited for ever.
 * The guest agent has them set anew. This runs a machine whose timer is always set.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { openMachines } from "../../src/machines/open-machines.ts";
import type { MachineManager } from "../../src/machines/manager/port.ts";
import { runIn, startIn } from "../../src/machines/testing/run-in-machine.ts";
import { makeTestHome, riscvTinyImage, type TestHome } from "../../src/machines/testing/test-home.ts";

const LIMITS = { memoryMib: 192, cpus: 1, diskMib: 64, processes: 64 };
const POLICY = { limits: LIMITS, egress: [], secrets: [], mounts: [], copyCredentials: false };
const WAITING = "while :; do usleep 2000; done &";
/** How often it is tried: by far not every restore met it. */
const ROUNDS = 2;

suite("a RISC-V machine in QEMU that comes out of a saved state", { timeout: 300_000 }, () => {
  let home: TestHome;
  let manager: MachineManager;
  before(async () => {
    home = makeTestHome();
    manager = openMachines(home.env);
    const { digest } = await riscvTinyImage(home);
    await manager.create({ driver: "qemu", image: digest, name: "waiting", policy: POLICY });
  });
  after(async () => {
    for (const { id } of await manager.list()) await manager.remove(id);
    manager[Symbol.dispose]();
    home[Symbol.dispose]();
  });

  for (let round = 1; round <= ROUNDS; round += 1)
    test(`has a timer that goes off (${round} of ${ROUNDS})`, async () => {
      {
        await using machine = await manager.open("waiting");
        const busy = startIn(machine, `${WAITING}\necho begun; wait`);
        for await (const _ of busy.stdout) break;
        await manager.snapshot("waiting", `round-${round}`, "full");
      }
      await manager.restore("waiting", `round-${round}`);
      await using machine = await manager.open("waiting");
      const { end } = await runIn(machine, "sleep 0.1", { timeLimitMs: 20_000 });
      assert.equal(end.code, 0, JSON.stringify(end));
    });
});
