import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { DEFAULT_MACHINE_POLICY } from "@cloister/core";
import { type ConfigFlags, loadConfig } from "./load-config.ts";
import { toMachineChoice } from "./machine-fields.ts";

suite("what the configuration says of machines", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cloister-config-"));
    mkdirSync(join(folder, "home/.config/cloister"), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const load = (flags: ConfigFlags = {}, env: Readonly<Record<string, string>> = {}) =>
    loadConfig({ repository: folder, home: join(folder, "home"), env, flags }).values.machine;
  const writeUser = (text: string): void => writeFileSync(join(folder, "home/.config/cloister/config.yaml"), text);

  test("is the host, unless somebody asks for a machine; then nothing can be reached from it", () => {
    assert.equal(toMachineChoice(load()), undefined);
    const choice = toMachineChoice(load({ machine: { driver: "sandbox" } }));
    assert.deepEqual(choice, { driver: "sandbox", policy: DEFAULT_MACHINE_POLICY });
  });

  test("comes from the user's file, the environment and flags; hosts are added up", () => {
    writeUser(`machine:
  driver: qemu
  image: agents
  memoryMib: 4096
  allowHosts: [registry.example.org:443]
  secrets: [{ variable: GITHUB_TOKEN, host: "api.github.com:443", header: Authorization }]
  mounts: [{ from: /data }]
`);
    const flags = { machine: { allowHosts: [{ host: "example.org", port: 80 }] } };
    const choice = toMachineChoice(load(flags, { CLOISTER_MACHINE_CPUS: "1" }));
    assert.equal(choice?.driver, "qemu");
    assert.equal(choice.image, "agents");
    assert.deepEqual([choice.policy.limits.memoryMib, choice.policy.limits.cpus], [4096, 1]);
    assert.deepEqual(choice.policy.egress, [
      { host: "registry.example.org", port: 443 },
      { host: "example.org", port: 80 },
    ]);
    assert.deepEqual(choice.policy.secrets, [
      { variable: "GITHUB_TOKEN", host: "api.github.com", port: 443, header: "authorization" },
    ]);
    assert.deepEqual(choice.policy.mounts, [{ from: "/data", to: "/data", writable: false }]);
  });

  test("another driver on the command line does not take over the image of the file's", () => {
    writeUser("machine: { driver: qemu, image: agents }");
    assert.equal(load({ machine: { driver: "sandbox" } }).image, undefined);
    assert.equal(load({ machine: { driver: "qemu" } }).image, "agents");
  });

  for (const setting of [
    "allowHosts: [example.org:443]",
    "mounts: [{ from: / }]",
    "copyCredentials: true",
    "perMachine: 2",
    "secrets: []",
  ])
    test(`a repository does not decide ${setting.split(":")[0] ?? ""}`, () => {
      writeFileSync(join(folder, "cloister.yaml"), `machine: { ${setting} }`);
      assert.throws(() => load(), { code: "config_invalid", message: /machine\./ });
    });

  for (const [setting, message] of [
    ["driver: firecracker", /qemu/],
    ["perMachine: 0", /perMachine/],
    ["allowHosts: [example.org]", /example\.org:443/],
    ["allowHosts: ['exa mple.org:443']", /host and port/],
    ["mounts: [{ from: data }]", /absolute path/],
    ["mounts: [{ from: /data/../etc }]", /absolute path/],
    ["secrets: [{ variable: token, host: 'a.b:1', header: X }]", /variable's name/],
    ["memoryMib: 1", /64/],
    ["cpus: 0", /./],
  ] as const)
    test(`refuses ${setting}, and says what was expected`, () => {
      writeUser(`machine: { ${setting} }`);
      assert.throws(() => load(), { code: "config_invalid", message });
    });
});
