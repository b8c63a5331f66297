/** Sandboxes of bubblewrap: how soon one answers, and what a program in it costs. */
import type { OpenMachine } from "@cloister/engine/machines";
import type { Measurement } from "../measurement.ts";
import { runBare, runBubblewrap } from "./bare.ts";
import { COUNTS } from "./counts.ts";
import { greetGuest, sandboxDriver } from "./drivers.ts";
import { type Place, runTrue, smallMachine } from "./place.ts";
import { repeat, takeTurns, timed } from "./timing.ts";
import { measureTransfers } from "./transfers.ts";

const TARGET_MS = 30;

/** Measures them. */
export async function measureSandbox(place: Place): Promise<Measurement[]> {
  const { name } = await place.manager.create(smallMachine("sandbox", "sandbox"));
  const [starts, opens] = await measureStarts(place, name);
  await using machine = await place.manager.open(name);
  const peer = "bare `bwrap … true`";
  return [
    {
      name: "Sandbox: start to the guest agent's first word",
      unit: "ms",
      peer,
      rounds: [starts],
      target: { of: "cloister", p50: TARGET_MS },
    },
    { name: "Sandbox: opened, with its way out", unit: "ms", peer, rounds: [opens] },
    {
      name: "A program in an open sandbox",
      unit: "ms",
      peer: "the same program, spawned on the host",
      rounds: await takeTurns(
        COUNTS.programs,
        () => runTrue(machine),
        () => runBare("true"),
      ),
    },
    ...(await measureTransfers(machine, "sandbox", place.folder)),
  ];
}

type Times = { readonly cloister: readonly number[]; readonly peer: readonly number[] };

/** Times of connecting alone, and of what the manager does to open one; both beside the same bare sandboxes. */
async function measureStarts(place: Place, name: string): Promise<readonly [Times, Times]> {
  const driver = sandboxDriver(place);
  const { spec } = await closed(await place.manager.open(name)); // The first one loads the code: it does not count.
  const times = await repeat(COUNTS.sandboxes, async () => {
    const start = await timed(() => greetGuest(driver, spec));
    await start.value[Symbol.asyncDispose]();
    const bare = await timed(runBubblewrap);
    const open = await timed(() => place.manager.open(name));
    await closed(open.value);
    return { start: start.ms, bare: bare.ms, open: open.ms };
  });
  const peer = times.map(({ bare }) => bare);
  return [
    { cloister: times.map(({ start }) => start), peer },
    { cloister: times.map(({ open }) => open), peer },
  ];
}

async function closed(machine: OpenMachine): Promise<OpenMachine> {
  await machine[Symbol.asyncDispose]();
  return machine;
}
