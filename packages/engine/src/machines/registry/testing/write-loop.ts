// A program for the test of races: makes as many machines in the registry as its third argument says, each with a number that is free, and
// removes all but every tenth. Arguments: journal, name of this writer, count, length after which a journal is sealed.
import { openRegistry, thisProcess } from "../index.ts";
import { lifeOf } from "./life-of.ts";

const [journal = "", writer = "", count = "0", sealAfter = "0"] = process.argv.slice(2);
const by = thisProcess();
for (let index = 0; index < Number(count); index += 1) {
  // Opened anew now and then: opening and closing race with the others' writing as well.
  using registry = openRegistry({ journal, sealAfter: Number(sealAfter) });
  const id = `${writer}${index}`;
  registry.decide(({ machines }) => {
    const [creating] = lifeOf(machines.length);
    if (creating?.type !== "machine_creating") throw new Error("a life begins with machine_creating");
    const numbers = machines.map(({ name }) => Number(name));
    const name = String(Math.max(0, ...numbers) + 1);
    return { events: [{ ...creating, machine: { ...creating.machine, id, name }, by }], value: undefined };
  });
  registry.write({ type: "machine_created", id, socketFolder: "" });
  if (index % 10 !== 0)
    registry.write({ type: "machine_removing", id, why: "asked", by }, { type: "machine_removed", id });
}
