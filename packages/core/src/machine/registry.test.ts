import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DEFAULT_MACHINE_POLICY } from "./policy.ts";
import { EMPTY_REGISTRY, evolveRegistry, findStaleMachines } from "./registry.ts";
import type { MachineEvent, MachineRegistry, ProcessName } from "./registry-event.ts";

const ALIVE: ProcessName = { pid: 1, start: "now" };
const GONE: ProcessName = { pid: 2, start: "then" };
const isAlive = ({ pid }: ProcessName): boolean => pid === ALIVE.pid;

function creating(id: string, by: ProcessName = ALIVE, run?: string): MachineEvent {
  const machine = { id, name: `name-${id}`, driver: "qemu", policy: DEFAULT_MACHINE_POLICY } as const;
  return { type: "machine_creating", machine: run === undefined ? machine : { ...machine, run }, by };
}

function created(id: string): MachineEvent {
  return { type: "machine_created", id, socketFolder: `/run/${id}` };
}

function fold(events: readonly MachineEvent[], from: MachineRegistry = EMPTY_REGISTRY): MachineRegistry {
  return events.reduce((registry, event, index) => evolveRegistry(registry, event, index + 1), from);
}

function idOf(event: MachineEvent): string | undefined {
  if (event.type === "machine_creating") return event.machine.id;
  return "id" in event ? event.id : undefined;
}

const id = fc.constantFrom("a", "b", "c");
const by = fc.constantFrom(ALIVE, GONE);
const snapshot = fc.constantFrom("first", "second");
const kind = fc.constantFrom("disk" as const, "full" as const);
const event: fc.Arbitrary<MachineEvent> = fc.oneof(
  fc.tuple(id, by, fc.constantFrom(undefined, "run")).map(([id, by, run]) => creating(id, by, run)),
  id.map(created),
  fc.record({
    type: fc.constant("machine_changing" as const),
    id,
    operation: fc.constantFrom("start" as const, "fork" as const),
    by,
  }),
  fc.record({ type: fc.constant("machine_changed" as const), id }),
  fc.record({ type: fc.constant("machine_removing" as const), id, why: fc.constant("asked"), by }),
  fc.record({ type: fc.constant("machine_removed" as const), id }),
  fc.record({ type: fc.constant("snapshot_started" as const), id, snapshot, kind, by }),
  fc.record({
    type: fc.constant("snapshot_finished" as const),
    id,
    snapshot,
    kind,
    pausedMs: fc.nat(),
    sizeKib: fc.nat(),
  }),
  fc.record({ type: fc.constant("snapshot_removing" as const), id, snapshot, by }),
  fc.record({ type: fc.constant("snapshot_removed" as const), id, snapshot }),
);
const history = fc.array(event, { maxLength: 60 });

test("whatever happens, ids and snapshots are unique, and a machine that is half made or half removed is never taken for a whole one", () => {
  fc.assert(
    fc.property(history, (events) => {
      const { machines } = fold(events);
      equal(new Set(machines.map(({ id }) => id)).size, machines.length);
      for (const machine of machines) {
        const names = machine.snapshots.map(({ name }) => name);
        equal(new Set(names).size, names.length);
        if (machine.phase === "there") ok(machine.socketFolder !== undefined);
        const own = events.filter((event) => idOf(event) === machine.id).map(({ type }) => type);
        if (machine.phase === "creating") deepEqual(machine.snapshots, []);
        if (own.at(-1) === "machine_removing") equal(machine.phase, "removing");
      }
    }),
    { numRuns: 1000 },
  );
});

test("a removed machine is forgotten, so that the registry is no larger than what there is", () => {
  fc.assert(
    fc.property(history, (events) => {
      const all = ["a", "b", "c"].map((id): MachineEvent => ({ type: "machine_removed", id }));
      deepEqual(fold([...events, ...all]), EMPTY_REGISTRY);
    }),
  );
});

test("a registry that goes on in another journal is the same, also after a way through JSON", () => {
  fc.assert(
    fc.property(history, history, (before, after) => {
      const sealed = fold([...before, { type: "registry_sealed" }]);
      equal(sealed.sealed, true);
      const continued: MachineEvent = {
        type: "registry_continued",
        machines: sealed.machines,
        length: before.length,
        hash: "",
      };
      const through = JSON.parse(JSON.stringify(continued)) as MachineEvent;
      deepEqual(fold(after, fold([through])), fold(after, fold(before)));
    }),
  );
});

test("machines are stale where their process is gone, and only there", () => {
  const changing = (by: ProcessName): MachineEvent => ({ type: "machine_changing", id: "a", operation: "start", by });
  const removing = (by: ProcessName): MachineEvent => ({ type: "machine_removing", id: "a", why: "asked", by });
  const snapshot = (by: ProcessName): MachineEvent => ({
    type: "snapshot_started",
    id: "a",
    snapshot: "first",
    kind: "disk",
    by,
  });
  const cases: readonly (readonly [string, readonly MachineEvent[], unknown])[] = [
    ["being made", [creating("a")], []],
    ["half made", [creating("a", GONE)], ["remove was never finished"]],
    ["made by one who is gone", [creating("a", GONE), created("a")], []],
    ["of a run", [creating("a", ALIVE, "r"), created("a")], []],
    [
      "of a run that is over",
      [creating("a", GONE, "r"), created("a")],
      ["remove belonged to run r, whose process is gone"],
    ],
    ["of a run that is over, and being removed", [creating("a", GONE, "r"), created("a"), removing(ALIVE)], []],
    ["being removed", [creating("a"), created("a"), removing(ALIVE)], []],
    ["half removed", [creating("a"), created("a"), removing(GONE)], ["remove was half removed"]],
    [
      "not to be removed",
      [creating("a"), created("a"), removing(ALIVE), { type: "machine_changed", id: "a" }],
      ["remove was half removed"],
    ],
    ["starting", [creating("a"), created("a"), changing(ALIVE)], []],
    ["half started", [creating("a"), created("a"), changing(GONE)], ["settle was left in the middle of a start"]],
    ["half saved", [creating("a"), created("a"), snapshot(GONE)], ["settle was left in the middle of a snapshot"]],
    ["started", [creating("a"), created("a"), changing(GONE), { type: "machine_changed", id: "a" }], []],
  ];
  for (const [name, events, expected] of cases) {
    const found = findStaleMachines(fold(events), isAlive).map(({ remedy, why }) => `${remedy} ${why}`);
    deepEqual(found, expected, name);
  }
});

test("events of a later version change nothing", () => {
  const registry = fold([creating("a"), created("a")]);
  for (const type of ["machine_painted", "toString", "__proto__"])
    equal(evolveRegistry(registry, { type, id: "a" } as unknown as MachineEvent, 3), registry);
});
