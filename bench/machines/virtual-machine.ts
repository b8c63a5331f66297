/** Virtual machines that boot, and clones of a template: how soon they answer, and what they hold. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenMachine } from "@cloister/engine/machines";
import type { Measurement, Round } from "../measurement.ts";
import { greetQemu, runBare } from "./bare.ts";
import { COUNTS } from "./counts.ts";
import { anotherLike, greetGuest, qemuDriver } from "./drivers.ts";
import { type Place, runTrue, smallMachine } from "./place.ts";
import { alone, repeat, takeTurns, timed } from "./timing.ts";
import { measureTransfers } from "./transfers.ts";

const CLONE_TARGET = { of: "cloister", p50: 250, p95: 500 } as const;
const QEMU = "bare QEMU: start to its greeting";

/** Measures them. */
export async function measureVirtualMachines(place: Place): Promise<Measurement[]> {
  const boots = await measureBoots(place);
  const { driver, image = "", policy } = smallMachine("qemu", "template");
  const template = await timed(() => place.manager.template({ driver, image, limits: policy.limits }));
  const made: Measurement = {
    name: "Virtual machine: a template is booted, warmed up and saved",
    unit: "ms",
    peer: "",
    rounds: alone(template.ms),
  };
  return [...boots, made, ...(await measureClones(place)), ...(await measureTogether(place))];
}

/** When a machine could be worked in, and when the first program in it had ended, in ms from the call that makes it. */
type Beginning = { readonly openMs: number; readonly programMs: number; readonly machine: OpenMachine };

async function begin({ manager }: Place, name: string): Promise<Beginning> {
  const from = performance.now();
  await manager.create(smallMachine("qemu", name));
  const machine = await manager.open(name);
  const openMs = performance.now() - from;
  await runTrue(machine);
  return { openMs, programMs: performance.now() - from, machine };
}

async function end({ manager }: Place, { machine }: Beginning): Promise<void> {
  await machine[Symbol.asyncDispose]();
  await manager.remove(machine.view.name);
}

async function measureBoots(place: Place): Promise<Measurement[]> {
  const times = await repeat(COUNTS.boots, async (index) => {
    const begun = await begin(place, `boot-${index}`);
    await end(place, begun);
    return { cloister: begun.openMs, peer: (await timed(greetQemu)).ms };
  });
  return [{ name: "Virtual machine: booted, made and opened", unit: "ms", peer: QEMU, rounds: [asRound(times)] }];
}

/** One clone after the other: those of the driver alone show when the guest agent answers, the manager's what users have. */
async function measureClones(place: Place): Promise<Measurement[]> {
  const first = await begin(place, "clone");
  const driver = await qemuDriver(place);
  const times = await repeat(COUNTS.clones, async (index) => {
    const spec = anotherLike(first.machine);
    const answer = await timed(async () => {
      await driver.create(spec);
      return greetGuest(driver, spec);
    });
    await answer.value[Symbol.asyncDispose]();
    await driver.destroy(spec);
    const begun = await begin(place, `clone-${index}`);
    await end(place, begun);
    return { answer: answer.ms, open: begun.openMs, program: begun.programMs, peer: (await timed(greetQemu)).ms };
  });
  const peer = times.map((one) => one.peer);
  const row = (name: string, of: "answer" | "open" | "program"): Measurement => ({
    name,
    unit: "ms",
    peer: QEMU,
    rounds: [{ cloister: times.map((one) => one[of]), peer }],
  });
  const inUse = await measureInUse(place, first.machine);
  await end(place, first);
  return [
    { ...row("Clone of a template: call to the guest agent's first word", "answer"), target: CLONE_TARGET },
    row("Clone of a template: registered, given its identity and opened", "open"),
    row("Clone of a template: the same, until its first program has ended", "program"),
    ...inUse,
  ];
}

async function measureInUse({ folder }: Place, machine: OpenMachine): Promise<Measurement[]> {
  const programs: Measurement = {
    name: "A program in an open virtual machine (emulated)",
    unit: "ms",
    peer: "the same program, spawned on the host",
    rounds: await takeTurns(
      COUNTS.programs,
      () => runTrue(machine),
      () => runBare("true"),
    ),
  };
  return [programs, ...(await measureTransfers(machine, "virtual machine (emulated)", folder))];
}

/** Several clones at once, and what memory they hold while all of them live. */
async function measureTogether(place: Place): Promise<Measurement[]> {
  const count = COUNTS.together;
  const begun = await Promise.all(Array.from({ length: count }, (_, index) => begin(place, `together-${index}`)));
  const memory = await Promise.all(begun.map(({ machine }) => memoryOf(place, machine)));
  for (const one of begun) await end(place, one);
  const bare = await Promise.all(Array.from({ length: count }, () => timed(greetQemu)));
  const [ours, theirs] = [begun.map(({ openMs }) => openMs), bare.map(({ ms }) => ms)];
  const peer = `${count} bare QEMUs at once: start to greeting`;
  const row = (name: string, pick: (...values: number[]) => number): Measurement => ({
    name: `${count} clones at once: ${name}`,
    unit: "ms",
    peer,
    rounds: [{ cloister: [pick(...ours)], peer: [pick(...theirs)] }],
  });
  return [
    row("the first is open", Math.min),
    row("all are open", Math.max),
    {
      name: `Memory of an idle clone, one of ${count}: its own and its part of what they share (PSS)`,
      unit: "MB",
      peer: "the same processes, as if they shared nothing (RSS)",
      rounds: [{ cloister: memory.map(({ pss }) => pss), peer: memory.map(({ rss }) => rss) }],
    },
  ];
}

/** Of the machine's process, in MB. */
async function memoryOf({ manager }: Place, { view, spec }: OpenMachine): Promise<{ pss: number; rss: number }> {
  const { memoryKib = Number.NaN } = await manager.stats(view.name);
  const { pid } = JSON.parse(readFileSync(join(spec.folder, "process.json"), "utf8")) as { pid: number };
  const rss = /^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
  return { pss: (memoryKib * 1024) / 1e6, rss: (Number(rss) * 1024) / 1e6 };
}

function asRound(times: readonly { readonly cloister: number; readonly peer: number }[]): Round {
  return { cloister: times.map(({ cloister }) => cloister), peer: times.map(({ peer }) => peer) };
}
