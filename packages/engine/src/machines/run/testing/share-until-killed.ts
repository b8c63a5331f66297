/** A run that takes a place in a shared machine, says in which, and is killed. */
import type { MachineChoice } from "@cloister/core";
import { managerAt } from "../../manager/testing/temporary-machines.ts";
import type { MachinePlaces } from "../../places.ts";
import { shareMachine } from "../share-machine.ts";

const { places, choice } = JSON.parse(process.argv[2] ?? "") as {
  readonly places: MachinePlaces;
  readonly choice: MachineChoice;
};
const { machine } = await shareMachine({ manager: managerAt(places), places, choice, perMachine: 2 });
process.stdout.write(`${machine}\n`);
setInterval(() => undefined, 1000);
