/** Containers of podman: how soon one answers, and what a program in it costs. */
import { machinePlaces, type OpenMachine } from "@cloister/engine/machines";
import { findEngine } from "../../packages/engine/src/machines/container/find-engine.ts";
import type { Measurement } from "../measurement.ts";
import { runBare } from "./bare.ts";
import { COUNTS } from "./counts.ts";
import { type Place, runTrue, smallMachine } from "./place.ts";
import { repeat, takeTurns, timed } from "./timing.ts";

const PROBE_MS = 60_000;

/** Measures them. The image is imported before: the engine does that once. */
export async function measureContainer(place: Place): Promise<Measurement[]> {
  const { manager } = place;
  const { name } = await manager.create(smallMachine("container", "container"));
  await using machine = await manager.open(name);
  const engine = await bareEngine(place, machine);
  const times = await repeat(COUNTS.containers, async (index) => {
    const { ms, value } = await timed(async () => {
      const made = await manager.create(smallMachine("container", `container-${index}`));
      return manager.open(made.name);
    });
    await value[Symbol.asyncDispose]();
    await manager.remove(value.view.name);
    return { cloister: ms, peer: (await timed(() => engine.run())).ms };
  });
  return [
    {
      name: "Container: made, started and opened",
      unit: "ms",
      peer: `bare \`${engine.program} run … true\``,
      rounds: [{ cloister: times.map(({ cloister }) => cloister), peer: times.map(({ peer }) => peer) }],
    },
    {
      name: "A program in an open container",
      unit: "ms",
      peer: `bare \`${engine.program} exec … true\``,
      rounds: await takeTurns(
        COUNTS.programs,
        () => runTrue(machine),
        () => engine.exec(),
      ),
    },
  ];
}

type BareEngine = {
  readonly program: string;
  readonly run: () => Promise<void>;
  /** In the container that is there. */
  readonly exec: () => Promise<void>;
};

/** The engine with the options that it needs on this host, which Cloister finds out by trying. */
async function bareEngine({ env }: Place, { spec }: OpenMachine): Promise<BareEngine> {
  const { engine, probe } = await findEngine({ env, cache: machinePlaces(env).cache, timeLimitMs: PROBE_MS });
  if (engine === undefined || typeof spec.image !== "object") throw new Error(probe.reason);
  const { program, globals, create } = engine;
  const image = `cloister-image:${spec.image.digest.slice(0, 12)}`;
  const options = ["--rm", "--network=none", "--pull=never", "--log-driver=none", ...create];
  return {
    program,
    run: () => runBare(program, [...globals, "run", ...options, image, "true"]),
    exec: () => runBare(program, [...globals, "exec", `cloister-${spec.id}`, "true"]),
  };
}
