import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import type { LimitBreach } from "../../../src/machines/limits/index.ts";
import type { OpenMachine } from "../../../src/machines/manager/port.ts";
import { type Outcome, runIn, saidIn } from "../../../src/machines/testing/run-in-machine.ts";
import { withoutTrace } from "../expect.ts";
import type { Cases, Subject } from "../subject.ts";

const ATTACK_MS = 4000;
/** For the attack, and for clearing away what it started. */
const PATIENCE_MS = 15_000;

type Attack = {
  readonly limit: LimitBreach["limit"];
  readonly script: (limits: Subject["limits"]) => string;
  /** What a driver that does not hold this limit says of itself. */
  readonly confession: RegExp;
};

const ATTACKS: readonly Attack[] = [
  {
    limit: "memory",
    script: ({ memoryMib }) => `"$HOME/busybox" tail -c ${memoryMib * 8}m /dev/zero > /dev/null`,
    confession: /[Ll]imits of memory.* not (?:held|enforced)/,
  },
  {
    limit: "processes",
    script: () => "bomb() { bomb | bomb & }; bomb; wait; sleep 60",
    confession: /[Ll]imits of .*processes.* not (?:held|enforced)/,
  },
  {
    limit: "disk",
    script: ({ diskMib }) => `"$HOME/busybox" dd if=/dev/urandom of="$HOME/filled" bs=1048576 count=${diskMib * 4}`,
    confession: /[Ll]imits? .*disk.* not (?:held|enforced)|disk limit is not held/,
  },
];

/** Machines that use up what they can get. */
export const LIMIT_CASES: Cases = Object.fromEntries(
  ATTACKS.map((attack) => [
    `is kept within its ${attack.limit}, and the host is unharmed, or says that it is not`,
    (subject, context) => withstand(subject, context, attack),
  ]),
);

async function withstand(subject: Subject, context: TestContext, { limit, script, confession }: Attack): Promise<void> {
  const { view, limits, manager, request } = subject;
  const name = `glutton-of-${limit}`;
  if (confession.test(view.limitations.join(" "))) return;
  await withoutTrace(subject, async () => {
    await manager.create(request(name));
    try {
      await using machine = await manager.open(name);
      await bringBusybox(subject, machine);
      const outcome = runIn(machine, script(limits), { timeLimitMs: ATTACK_MS });
      const ended = await Promise.race([outcome, delay(PATIENCE_MS, undefined, { ref: false })]);
      const ending = ended === undefined ? hopeless(subject) : await endingOf(machine, limit, ended);
      context.diagnostic(`${limit}: ${ending}`);
      assert.equal(spawnSync("true").status, 0, "the host still starts programs");
      const { diskKib = 0 } = await manager.stats(name);
      assert.ok(diskKib < limits.diskMib * 2 * 1024 + 256 * 1024, `${diskKib} KiB`);
    } finally {
      await manager.remove(name);
    }
  });
  assert.equal(await saidIn(await subject.main(), ["echo", "unharmed"]), "unharmed");
}

/** A virtual machine has a kernel of its own to bring down. It is removed all the same. */
function hopeless({ view }: Subject): string {
  assert.equal(view.isolation, "virtual_machine", "only what has a kernel of its own may stop to answer");
  return "the machine answers no more";
}

/** Expects that a program did not get what it wanted: it failed, or the machine was stopped with the limit as its reason, or first one, then the other. */
async function endingOf(
  { guest }: OpenMachine,
  limit: LimitBreach["limit"],
  { end, stderr, stdout }: Outcome,
): Promise<string> {
  if (end.cause === "lost") return stoppedBy(limit, await guest.closed);
  assert.notEqual(end.code, 0, `it got what it wanted: ${stdout} ${stderr}`);
  try {
    await guest.ping();
  } catch (error: unknown) {
    return stoppedBy(limit, error);
  }
  return `the program ended with ${end.signal ?? end.code ?? end.cause} ${stderr.slice(0, 100)}`;
}

function stoppedBy(limit: LimitBreach["limit"], why: unknown): string {
  assert.ok(CloisterError.isInstance(why) && why.code === "machine_failed", String(why));
  assert.equal((why.cause as LimitBreach | undefined)?.limit, limit, why.message);
  return why.message;
}

async function bringBusybox({ busybox }: Subject, { guest, surroundings: { home } }: OpenMachine): Promise<void> {
  await guest.putFile(join(home, "busybox"), createReadStream(busybox), { mode: 0o755 });
}
