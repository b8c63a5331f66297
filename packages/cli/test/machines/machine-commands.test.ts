/** `cloister machine` and what `cloister doctor` says of machines, as a user's shell sees them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { DRIVER_NAMES } from "@cloister/core";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";

type Row = Readonly<Record<string, unknown>>;

suite("cloister machine", () => {
  let user: TestRepository;
  const machine = (...args: readonly string[]): ReturnType<TestRepository["run"]> => user.run(["machine", ...args]);
  const rowsOf = (text: string): Row[] =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row);

  before(async () => {
    user = createTestRepository();
    const made = await machine(
      "create",
      "--driver",
      "sandbox",
      "--name",
      "try",
      "--memory",
      "512",
      "--cpus",
      "1",
      "--json",
    );
    assert.equal(made.code, 0, made.stderr);
    const [view] = rowsOf(made.stdout);
    assert.deepEqual([view?.["name"], view?.["driver"], view?.["state"]], ["try", "sandbox", "running"]);
  });

  after(async () => {
    const removed = await machine("rm", "--all");
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal((await machine("list", "--json")).stdout, "");
    user[Symbol.dispose]();
  });

  test("lists what there is", async () => {
    assert.match((await machine("list")).stdout, /^NAME .*\ntry +running +sandbox/);
  });

  test("runs a program with its own streams and exit status; its options are its own", async () => {
    const { code, stdout, stderr } = await machine("exec", "try", "--", "sh", "-c", "echo out; echo err >&2; exit 7");
    assert.deepEqual([code, stdout, stderr], [7, "out\n", "err\n"]);
    assert.equal((await machine("exec", "try", "sh", "-c", "kill -TERM $$")).code, 143);
    assert.equal((await machine("exec", "try", "no-such-program")).code, 127);
    assert.equal((await machine("exec", "--time-limit", "1", "try", "sleep", "60")).code, 137);
    assert.match((await machine("exec", "--tty", "try", "tty")).stdout, /^\/dev\/pts\//);
  });

  test("copies files and folders in and out, and follows no link of the machine's", async () => {
    const [here, back] = [join(user.folder, "here"), join(user.folder, "back")];
    mkdirSync(join(here, "sub"), { recursive: true });
    writeFileSync(join(here, "sub/a"), "a");
    symlinkSync("/etc/passwd", join(here, "link"));
    assert.equal((await machine("put", "try", here, "/home/agent/here")).code, 0);
    assert.equal((await machine("exec", "try", "cat", "/home/agent/here/sub/a")).stdout, "a");
    assert.equal((await machine("get", "try", "/home/agent/here", back)).code, 0);
    assert.equal(readFileSync(join(back, "sub/a"), "utf8"), "a");
    assert.equal(existsSync(join(back, "link")), false);
    assert.equal((await machine("put", "try", join(here, "sub/a"), "/home/agent/b")).code, 0);
    assert.equal((await machine("get", "try", "/home/agent/b", join(user.folder, "b"))).code, 0);
    assert.equal(readFileSync(join(user.folder, "b"), "utf8"), "a");
    const link = await machine("get", "try", "/home/agent/here/link", join(user.folder, "stolen"));
    assert.equal(link.code, 9, "a link is not read through");
  });

  test("takes snapshots, goes back to them, and copies machines", async () => {
    const say = (name: string, script: string): Promise<string> =>
      machine("exec", name, "sh", "-c", script).then(({ stdout }) => stdout.trim());
    await say("try", "echo one > ~/word");
    const saved = await machine("snapshot", "try", "one", "--json");
    assert.equal(rowsOf(saved.stdout)[0]?.["kind"], "disk", saved.stderr);
    await say("try", "echo two > ~/word");
    assert.equal((await machine("clone", "try", "--name", "copy", "--snapshot", "one")).stdout, "copy\n");
    assert.equal((await machine("restore", "try", "one")).code, 0);
    assert.deepEqual([await say("try", "cat ~/word"), await say("copy", "cat ~/word")], ["one", "one"]);
    assert.equal((await machine("rm", "copy")).code, 0);
  });

  for (const [args, code, message] of [
    [["exec", "nobody", "true"], 2, /nobody/],
    [["pause", "try"], 2, /container|qemu/],
    [["create", "--driver", "sandbox", "--name", "try"], 2, /try/],
    [["create", "--driver", "lima"], 8, /limactl/],
    [["create", "--driver", "sandbox", "--memory", "900000"], 9, /memory/i],
    [["rm"], 2, /--all/],
    [["forward", "try", "99999"], 2, /99999/],
  ] as const)
    test(`refuses \`machine ${args.join(" ")}\` with exit code ${code} and what to do`, async () => {
      const refused = await machine(...args);
      assert.equal(refused.code, code, refused.stderr);
      assert.match(refused.stderr, message);
      assert.equal(refused.stdout, "");
    });

  test("warns of the risk before it copies logins", async () => {
    const made = await machine("create", "--driver", "sandbox", "--name", "trusted", "--copy-credentials");
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /login/i);
  });
});

test("cloister image import makes an image of a disk, which is listed, and refuses what is none", async () => {
  using user = createTestRepository();
  const disk = join(user.folder, "Their Disk.raw");
  writeFileSync(disk, Buffer.alloc(4096, "x"));
  const made = await user.run(["image", "import", disk, "--arch", "amd64", "--json"]);
  assert.equal(made.code, 0, made.stderr);
  const { name, digest } = JSON.parse(made.stdout) as Row;
  assert.equal(name, "their-disk");
  assert.match(
    (await user.run(["image", "list"])).stdout,
    new RegExp(`their-disk +${String(digest).slice(0, 12)} +amd64`),
  );
  const refused = await user.run(["image", "import", disk, "--append", "quiet"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /expected a kernel with an initial file system or words for a kernel/);
});

test("cloister doctor says of every driver whether it works here, by what, and what to do", async () => {
  using user = createTestRepository();
  const { drivers } = JSON.parse((await user.run(["doctor", "--json"])).stdout) as { drivers: Row[] };
  assert.deepEqual(new Set(drivers.map(({ name }) => name)), new Set(DRIVER_NAMES));
  for (const { name, usable, acceleration, reason, remedy } of drivers) {
    assert.equal(typeof usable, "boolean", String(name));
    assert.match(String(acceleration), /^(native|kvm|hvf|tcg)$/);
    assert.ok(String(reason).length > 10, `${String(name)} gives a reason`);
    assert.ok(usable === true || typeof remedy === "string", `${String(name)} says what to do`);
  }
});

test("cloister doctor plans for a number of loops, and proves a sandbox's boundary", async () => {
  using user = createTestRepository();
  const plan = JSON.parse((await user.run(["doctor", "--plan", "8", "--json"])).stdout) as Row;
  assert.equal(plan["loops"], 8);
  assert.ok(Number(plan["machines"]) * Number(plan["loopsPerMachine"]) >= 8);
  const proof = await user.run(["doctor", "--verify-isolation", "--json"]);
  const { holds, trials } = JSON.parse(proof.stdout) as { holds: boolean; trials: Row[] };
  assert.equal(holds, true, proof.stdout);
  assert.deepEqual([...new Set(trials.map(({ held }) => held))], [true]);
  const open = await user.run(["doctor", "--verify-isolation", "--driver", "host", "--json"]);
  assert.equal(open.code, 7, "the host itself is no boundary, and the trials see it");
});
