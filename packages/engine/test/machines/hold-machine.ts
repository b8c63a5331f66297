// Opens a machine and says each line of its input there; its answer is a line of output. Argument: environment and machine as JSON.
import { createInterface } from "node:readline";
import { openMachines } from "../../src/machines/open-machines.ts";
import { saidIn } from "../../src/machines/testing/run-in-machine.ts";

const { env, machine } = JSON.parse(process.argv[2] ?? "") as { env: Record<string, string>; machine: string };
using manager = openMachines(env);
await using opened = await manager.open(machine);
for await (const line of createInterface(process.stdin))
  process.stdout.write(`${await saidIn(opened, ["echo", line])}\n`);
