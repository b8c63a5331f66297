import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { MachineChoice } from "@cloister/core";
import { managerAt, SMALL, temporaryPlaces } from "../manager/testing/temporary-machines.ts";
import type { MachineManager } from "../manager/port.ts";
import type { MachinePlaces } from "../places.ts";
import { shareMachine, type SharedPlace } from "./share-machine.ts";

const CHOICE: MachineChoice = { driver: "container", policy: SMALL.policy };
const EARLIER = fileURLToPath(new URL("testing/share-until-killed.ts", import.meta.url));

type Setting = {
  readonly places: MachinePlaces;
  readonly manager: MachineManager;
  readonly share: (perMachine: number, choice?: MachineChoice) => Promise<SharedPlace>;
  readonly names: () => Promise<readonly string[]>;
};

function setUp(context: TestContext): Setting {
  const places = temporaryPlaces(context);
  const manager = managerAt(places);
  context.after(() => manager[Symbol.dispose]());
  return {
    places,
    manager,
    share: (perMachine, choice = CHOICE) => shareMachine({ manager, places, choice, perMachine }),
    names: async () => (await manager.list()).map(({ name }) => name),
  };
}

test("runs that ask for the same share a machine until it is full; the next one gets another", async (context) => {
  const { share, names } = setUp(context);
  const [first, second, third] = [await share(2), await share(2), await share(2)];
  assert.equal(first.machine, second.machine);
  assert.deepEqual([first.seat, second.seat, third.seat], [0, 1, 0]);
  assert.notEqual(third.machine, first.machine);
  assert.equal((await names()).length, 2);
  await first[Symbol.asyncDispose]();
  await using again = await share(2);
  assert.deepEqual([again.machine, again.seat], [second.machine, 0], "a place that was left is free");
  for (const place of [second, third]) await place[Symbol.asyncDispose]();
  assert.equal((await names()).length, 1);
});

test("the last run that leaves removes the machine", async (context) => {
  const { share, names } = setUp(context);
  const [first, second] = await Promise.all([share(4), share(4)]);
  await first[Symbol.asyncDispose]();
  assert.equal((await names()).length, 1);
  await second[Symbol.asyncDispose]();
  assert.deepEqual(await names(), []);
});

test("runs with another policy do not come into the same machine", async (context) => {
  const { share } = setUp(context);
  const egress = [{ host: "example.org", port: 443 }];
  await using strict = await share(2);
  await using loose = await share(2, { ...CHOICE, policy: { ...CHOICE.policy, egress } });
  assert.notEqual(strict.machine, loose.machine);
});

test("a machine whose runs were killed goes with the next one that is made; one with a living run stays", async (context) => {
  const { manager, places, share, names } = setUp(context);
  const egress = [{ host: "example.org", port: 443 }];
  await using living = await share(2, { ...CHOICE, policy: { ...CHOICE.policy, egress } });
  const earlier = spawn(process.execPath, [EARLIER, JSON.stringify({ places, choice: CHOICE })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(earlier.stdout, "data")) as [Buffer];
  await manager.reconcile();
  assert.equal((await names()).length, 2, "both live");
  earlier.kill("SIGKILL");
  await once(earlier, "exit");
  const { removed } = await manager.reconcile();
  assert.match(removed.join(), /shared by runs whose processes are gone/);
  const left = await manager.list();
  assert.deepEqual(
    left.map(({ id }) => id),
    [living.machine],
  );
  assert.notEqual(said.toString().trim(), living.machine);
});
