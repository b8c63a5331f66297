import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { probeSandbox, remedyFor } from "./probe-sandbox.ts";

const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

describe("the sandbox's probe", () => {
  it("finds it usable by making one, within 3 s", async () => {
    const begun = performance.now();
    const probe = await probeSandbox("bwrap", env);
    assert.equal(probe.usable, true, probe.reason);
    assert.match(probe.version ?? "", /^\d+\.\d+/);
    assert.match(probe.reason, /limited/);
    assert.ok(performance.now() - begun < 3000);
  });

  it("says what to install where bubblewrap is not there", async () => {
    const probe = await probeSandbox("/nowhere/bwrap", env);
    assert.equal(probe.usable, false);
    assert.match(probe.remedy ?? "", /Install bwrap/);
  });

  it("says what went wrong where it does not work", async () => {
    const probe = await probeSandbox("/bin/false", env);
    assert.equal(probe.usable, false);
    assert.notEqual(probe.remedy, undefined);
  });

  for (const [name, value, remedy] of [
    ["kernel/apparmor_restrict_unprivileged_userns", "1", /AppArmor/],
    ["kernel/unprivileged_userns_clone", "0", /unprivileged_userns_clone=1/],
    ["user/max_user_namespaces", "0", /max_user_namespaces/],
    ["kernel/unprivileged_userns_clone", "1", /container/],
  ] as const)
    it(`knows what to do where ${name} is ${value}`, () => {
      assert.match(
        remedyFor((asked) => (asked === name ? value : undefined)),
        remedy,
      );
    });
});
