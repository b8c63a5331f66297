import assert from "node:assert/strict";
import { test } from "node:test";
import { idsAmong, instanceMessage, parseInstances, toMachineState } from "./instances.ts";

/** In the form of Lima 2's `limactl list --format json`; `message` is what the template said. */
const LINES = [
  '{"name":"default","hostname":"lima-default","status":"Running","dir":"/home/me/.lima/default","vmType":"qemu","arch":"x86_64","cpus":4,"memory":4294967296,"disk":107374182400,"sshLocalPort":60022,"protected":false,"limaVersion":"2.0.3"}',
  `{"name":"cloister-abcdefabcdef","hostname":"lima-cloister-abcdefabcdef","status":"Stopped","dir":"/home/me/.lima/cloister-abcdefabcdef","vmType":"vz","arch":"aarch64","cpus":2,"message":"${instanceMessage("home1")}\\n","errors":["x"],"protected":false,"limaVersion":"2.0.3"}`,
  `{"name":"cloister-000000000001","status":"Running","dir":"/d","message":"${instanceMessage("home2")}"}`,
  `{"name":"cloister-named","status":"Running","dir":"/d","message":"${instanceMessage("home1")}"}`,
].join("\n");

test("instances are read line by line; the machines among them are those of one home", () => {
  const instances = parseInstances(`${LINES}\n`);
  assert.deepEqual(
    instances.map(({ name, status }) => [name, status]),
    [
      ["default", "Running"],
      ["cloister-abcdefabcdef", "Stopped"],
      ["cloister-000000000001", "Running"],
      ["cloister-named", "Running"],
    ],
  );
  assert.deepEqual(idsAmong(instances, "home1"), ["abcdefabcdef"]);
  assert.deepEqual(idsAmong(instances, "home2"), ["000000000001"]);
  assert.deepEqual(parseInstances(""), []);
});

for (const text of ["No instance found.", '{"name":1}', "[]"]) {
  test(`${text} is no list of instances`, () => {
    assert.throws(() => parseInstances(text));
  });
}

const states = [
  ["Running", "running"],
  ["Stopped", "stopped"],
  ["Broken", "stopped"],
  ["Uninitialized", "stopped"],
  ["Installing", "stopped"],
  ["", "stopped"],
] as const;
for (const [status, state] of states) {
  test(`an instance that is ${JSON.stringify(status)} is a machine that is ${state}`, () => {
    assert.equal(toMachineState({ name: "x", status }), state);
  });
}
test("no instance is a machine that is missing", () => {
  assert.equal(toMachineState(undefined), "missing");
});
