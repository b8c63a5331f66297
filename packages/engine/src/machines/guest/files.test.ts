import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { peakMemory } from "./testing/processes.ts";
import { connectAgent } from "./testing/start-agent.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-guest-files-"));
let guest: Awaited<ReturnType<typeof connectAgent>>;
before(async () => {
  guest = await connectAgent();
});
after(async () => {
  await guest[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function* of(...parts: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function read(path: string, maxBytes = 1000): Promise<string> {
  return Buffer.concat(await Array.fromAsync(guest.getFile(path, { maxBytes }))).toString();
}

test("a file is written with its mode and the folders that it needs, and read again", async () => {
  const path = join(folder, "new/folders/file");
  await guest.putFile(path, of("one ", "two"), { mode: 0o640 });
  assert.equal(readFileSync(path, "utf8"), "one two");
  assert.equal(statSync(path).mode & 0o7777, 0o640);
  assert.equal(await read(path), "one two");
});

test("an empty file is a file", async () => {
  const path = join(folder, "empty");
  await guest.putFile(path, of());
  assert.equal(statSync(path).mode & 0o7777, 0o644);
  assert.equal(await read(path), "");
});

test("50 MB go in and out, whole, within bounded memory", async () => {
  const path = join(folder, "large");
  const pieces = Array.from({ length: 50 }, () => randomBytes(1_000_000));
  await guest.putFile(path, of(...pieces));
  const hash = createHash("sha256");
  for await (const bytes of guest.getFile(path, { maxBytes: 50_000_000 })) hash.update(bytes);
  assert.equal(hash.digest("hex"), createHash("sha256").update(Buffer.concat(pieces)).digest("hex"));
  const peakKib = peakMemory(guest.agent.child.pid);
  assert.ok(peakKib > 0 && peakKib < 16_000, `expected less than 16 MB there, got ${peakKib} KiB`);
});

test("a file is replaced whole, and stays as it was where writing fails", async () => {
  const path = join(folder, "kept");
  await guest.putFile(path, of("before"));
  const broken = (async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    throw new Error("no more");
  })();
  await assert.rejects(guest.putFile(path, broken), /no more/);
  await guest.ping();
  assert.equal(readFileSync(path, "utf8"), "before");
  await guest.putFile(path, of("after"));
  assert.equal(readFileSync(path, "utf8"), "after");
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".cloister-")),
    [],
  );
});

test("two agents write one file at a time, also where both are the same process of a namespace, as in sandboxes that share a home", async () => {
  const path = join(folder, "shared");
  const sandbox = ["bwrap", "--bind", "/", "/", "--dev", "/dev", "--unshare-pid", "--die-with-parent"];
  await using first = await connectAgent(sandbox);
  await using second = await connectAgent(sandbox);
  const meanwhile = (async function* meanwhile(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("the");
    await first.ping();
    await second.putFile(path, of("the second's"));
    assert.equal(readFileSync(path, "utf8"), "the second's");
    yield Buffer.from(" first's");
  })();
  await first.putFile(path, meanwhile);
  assert.equal(readFileSync(path, "utf8"), "the first's");
});

test("a link in the place of a file is replaced when written, and not followed when read", async () => {
  const target = join(folder, "target");
  const link = join(folder, "link");
  writeFileSync(target, "target");
  symlinkSync(target, link);
  await assert.rejects(read(link), /ELOOP/);
  await guest.putFile(link, of("new"));
  assert.equal(readFileSync(target, "utf8"), "target");
  assert.equal(await read(link), "new");
});

test("what is written for a user is the user's, and goes where the user may write", async () => {
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  chmodSync(folder, 0o755);
  const own = process.getuid?.() !== 0;
  const user = own ? execFileSync("id", ["-un"], { encoding: "utf8" }).trim() : "daemon";
  await guest.putFile(join(open, "sub/file"), of("x"), { user });
  const uid = Number(execFileSync("id", ["-u", user], { encoding: "utf8" }));
  assert.equal(statSync(join(open, "sub/file")).uid, uid);
  assert.equal(statSync(join(open, "sub")).uid, uid);
  await assert.rejects(guest.putFile("/etc/cloister-test-file", of("x"), { user: "daemon" }), /EACCES|EPERM/);
  await guest.putFile(join(folder, "mine"), of("x"));
  assert.equal(statSync(join(folder, "mine")).uid, process.getuid?.());
});

const unreadable: readonly (readonly [name: string, path: () => string, error: RegExp])[] = [
  ["that is not there", () => join(folder, "none"), /ENOENT/],
  ["that is a folder", () => folder, /EISDIR/],
  ["that is a device", () => "/dev/zero", /EINVAL/],
  ["that is a pipe", () => pipe(), /EINVAL/],
  ["that is larger than allowed", () => "/etc/services", /100 bytes at most/],
  ["that grows without end", () => "/proc/kallsyms", /100 bytes at most/],
];
function pipe(): string {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  return path;
}
for (const [name, path, error] of unreadable)
  test(`a file ${name} is not read`, async () => {
    await assert.rejects(read(path(), 100), (thrown) => CloisterError.isInstance(thrown) && error.test(thrown.message));
  });

for (const path of [
  "relative",
  "/",
  "/tmp/",
  "/tmp/..",
  "/tmp/.",
  "/etc/passwd/file",
  `/tmp/${"a".repeat(300)}`,
  "/proc/none/file",
])
  test(`a file can't be written to ${path.slice(0, 20)}, and says why`, async () => {
    await assert.rejects(
      guest.putFile(path, of("x")),
      (thrown) => CloisterError.isInstance(thrown) && /: E[A-Z]+\.$/.test(thrown.message),
    );
  });

test("a reader that has enough leaves nothing behind", async () => {
  for await (const bytes of guest.getFile(join(folder, "large"), { maxBytes: 50_000_000 })) {
    assert.ok(bytes.length > 0);
    break;
  }
  await guest.ping();
  const open = readdirSync(`/proc/${guest.agent.child.pid}/fd`).length;
  assert.ok(open < 12, `expected few descriptors, got ${open}`);
});
