/** Saving a large machine while it runs, and going back. */
import type { OpenMachine } from "@cloister/engine/machines";
import type { Measurement } from "../measurement.ts";
import { COUNTS } from "./counts.ts";
import { type Place, runShell, smallMachine } from "./place.ts";
import { alone, repeat, timed } from "./timing.ts";

const MEMORY_MIB = 2048;
/** Of the guest's memory that is in use: what is empty costs nothing to save. */
const USED_MIB = 512;
const PAUSE_TARGET_MS = 100;
const NAME = "large";

/** Measures them. Something is written all the while: it is a machine at work. */
export async function measureSnapshots({ manager }: Place): Promise<Measurement[]> {
  await manager.create(smallMachine("qemu", NAME, MEMORY_MIB));
  const taken = await repeat(COUNTS.snapshots, async (index) => {
    const machine = await manager.open(NAME);
    if (index === 0) await fillMemory(machine);
    const writer = machine.guest.exec({ argv: ["/bin/sh", "-c", WRITE], env: machine.env });
    await writer.pid;
    const whole = await timed(() => manager.snapshot(NAME, `take-${index}`, "full"));
    writer.kill();
    await writer.exit;
    await machine[Symbol.asyncDispose]();
    const back = await timed(async () => {
      await manager.restore(NAME, `take-${index}`);
      return manager.open(NAME);
    });
    await back.value[Symbol.asyncDispose]();
    await manager.removeSnapshot(NAME, `take-${index}`);
    return { ...whole.value, wholeMs: whole.ms, backMs: back.ms };
  });
  await manager.remove(NAME);
  const of = `a running machine of 2 GiB, ${USED_MIB} MiB of it in use`;
  const row = (name: string, figures: readonly number[]): Measurement => ({
    name,
    unit: "ms",
    peer: "",
    rounds: alone(...figures),
  });
  return [
    {
      ...row(
        `Snapshot of ${of}: it stands still`,
        taken.map(({ pausedMs }) => pausedMs),
      ),
      target: { of: "cloister", p50: PAUSE_TARGET_MS },
    },
    row(
      `Snapshot of ${of}: from the call to its end`,
      taken.map(({ wholeMs }) => wholeMs),
    ),
    {
      ...row(
        `Snapshot of ${of}: size on disk`,
        taken.map(({ sizeKib }) => (sizeKib * 1024) / 1e6),
      ),
      unit: "MB",
    },
    row(
      "Back to that snapshot: from the call until the machine is open",
      taken.map(({ backMs }) => backMs),
    ),
  ];
}

/** A few pages, over and over. */
const WRITE = "while :; do date >/tmp/now; cp /tmp/now /tmp/then; done";

/** Bytes that are not zero, which no snapshot can leave out. */
async function fillMemory(machine: OpenMachine): Promise<void> {
  await runShell(
    machine,
    `mount -t tmpfs -o size=${USED_MIB + 64}m none /mnt 2>/dev/null
     yes filled | head -c 1048576 >/tmp/piece
     i=0; while [ $i -lt ${USED_MIB} ]; do cat /tmp/piece; i=$((i+1)); done >/mnt/filled`,
  );
}
