import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { createFolderTree } from "../../node/folder-tree.ts";
import { TestDriver } from "../virtio/testing/driver.ts";
import { createMemoryTree } from "./memory-tree.ts";
import { REQUEST } from "./message.ts";
import { ERROR_NUMBER, type FileTree } from "./port.ts";
import { NinePServer } from "./server.ts";
import { NinePClient } from "./testing/client.ts";
import { createVirtio9p } from "./virtio-9p.ts";

const base = mkdtempSync(join(tmpdir(), "cloister-9p-"));
after(() => rmSync(base, { recursive: true }));

const HELLO = Uint8Array.from("hello", (character) => character.charCodeAt(0));
let folders = 0;

function createFolder(): string {
  folders += 1;
  const folder = join(base, String(folders));
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", "tool"), HELLO);
  return folder;
}

const trees: Readonly<Record<string, () => FileTree>> = {
  "in memory": () => createMemoryTree({ capacityBytes: 1_000_000, now: () => 5000, files: { "bin/tool": HELLO } }),
  "of a folder": () => createFolderTree(createFolder()),
};

for (const [kind, createTree] of Object.entries(trees)) {
  test(`a tree ${kind} is read, and read-only it refuses every change`, () => {
    const client = new NinePClient(new NinePServer(createTree(), true));
    assert.equal(client.read("bin/tool"), "hello");
    assert.deepEqual(client.list(""), [".", "..", "bin"]);
    assert.equal(client.create("bin", "other", "x"), ERROR_NUMBER.readOnly);
    assert.equal(client.read("nothing"), ERROR_NUMBER.notFound);
    const removed = client.tryCall(REQUEST.unlinkat, (message) =>
      message.word(client.walk("bin")).text("tool").word(0),
    );
    assert.equal(removed, ERROR_NUMBER.readOnly);
  });

  test(`a tree ${kind} takes files, folders, links, new names and removals`, () => {
    const client = new NinePClient(new NinePServer(createTree(), false));
    client.call(REQUEST.mkdir, (message) => message.word(0).text("new").word(0o755).word(0));
    assert.equal(client.create("new", "file", "content"), 0);
    assert.equal(client.create("new", "file", "again"), ERROR_NUMBER.exists);
    client.call(REQUEST.symlink, (message) => message.word(0).text("link").text("new/file").word(0));
    const target = client.call(REQUEST.readlink, (message) => message.word(client.walk("link")));
    assert.equal(target.text(), "new/file");
    const moving = client.walk("new/file");
    client.call(REQUEST.renameat, (message) => message.word(0).text("new").word(0).text("old"));
    client.call(REQUEST.setattr, (message) =>
      message.word(moving).word(8).word(0).long(0).long(4).long(0).long(0).long(0).long(0),
    );
    assert.equal(client.read("old/file"), "cont");
    const busy = client.tryCall(REQUEST.unlinkat, (message) => message.word(0).text("old").word(0x200));
    assert.equal(busy, ERROR_NUMBER.notEmpty);
    client.call(REQUEST.unlinkat, (message) => message.word(client.walk("old")).text("file").word(0));
    client.call(REQUEST.unlinkat, (message) => message.word(0).text("old").word(0x200));
    assert.deepEqual(client.list(""), [".", "..", "bin", "link"]);
  });

  test(`long lists of a tree ${kind} come in portions without loss`, () => {
    const client = new NinePClient(new NinePServer(createTree(), false));
    const names = Array.from({ length: 60 }, (_name, index) => `file-${index}`);
    for (const name of names) {
      client.create("bin", name, "");
    }
    assert.deepEqual(client.list("bin"), [".", "..", ...names, "tool"].toSorted());
  });

  test(`handles on a tree ${kind} are good after save and restore`, () => {
    const tree = createTree();
    const server = new NinePServer(tree, true);
    const client = new NinePClient(server);
    const handle = client.walk("bin/tool");
    client.call(REQUEST.open, (message) => message.word(handle).word(0));
    const other = new NinePServer(tree, true);
    const state = server.save();
    const restored = new NinePClient(other);
    other.restore(state);
    const answer = restored.call(REQUEST.read, (message) => message.word(handle).long(1).word(3));
    assert.deepEqual([...answer.bytes(answer.word())], [...HELLO.subarray(1, 4)]);
  });

  test(`whatever is asked of a tree ${kind}, there is an answer that fits, and nothing is thrown`, () => {
    const server = new NinePServer(createTree(), false);
    const client = new NinePClient(server);
    const types = Object.values(REQUEST).filter((type) => type !== REQUEST.version);
    const request = fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 60 }), fc.nat(3));
    fc.assert(
      fc.property(request, ([type, bytes, handle]) => {
        const answer = client.tryCall(type, (message) => message.word(handle).bytes(bytes));
        assert.ok(typeof answer === "number" ? answer > 0 : true);
      }),
      { numRuns: 300 },
    );
  });
}

for (const name of ["..", ".", "", "a/b", "a\0b"]) {
  test(`a name like ${JSON.stringify(name)} is refused`, () => {
    const client = new NinePClient(new NinePServer(createFolderTree(createFolder()), false));
    assert.equal(client.create("", name, "x"), ERROR_NUMBER.invalid);
  });
}

test("no link leads out of a folder, whether the host or the guest made it", () => {
  const folder = createFolder();
  const secret = join(base, "secret");
  mkdirSync(secret, { recursive: true });
  writeFileSync(join(secret, "key"), "secret");
  symlinkSync(secret, join(folder, "out"));
  symlinkSync(join(secret, "key"), join(folder, "key"));
  const client = new NinePClient(new NinePServer(createFolderTree(folder), false));
  client.call(REQUEST.symlink, (message) => message.word(0).text("own").text(secret).word(0));
  assert.equal(client.read("key"), ERROR_NUMBER.linkLoop);
  for (const link of ["out", "own"]) {
    assert.equal(client.read(`${link}/key`), ERROR_NUMBER.notFound);
    assert.equal(client.create(link, "planted", "x"), ERROR_NUMBER.notFolder);
  }
  const truncate = client.tryCall(REQUEST.setattr, (message) =>
    message.word(client.walk("key")).word(8).word(0).long(0).long(0).long(0).long(0).long(0).long(0),
  );
  assert.equal(truncate, ERROR_NUMBER.linkLoop);
  assert.equal(client.walk("../../secret/key"), -ERROR_NUMBER.notFound);
  assert.equal(readFileSync(join(secret, "key"), "utf8"), "secret");
});

test("a folder that becomes a link after the guest got hold of it leads nowhere", () => {
  const folder = createFolder();
  const client = new NinePClient(new NinePServer(createFolderTree(folder), false));
  const handle = client.walk("bin");
  rmSync(join(folder, "bin"), { recursive: true });
  symlinkSync(base, join(folder, "bin"));
  const made = client.tryCall(REQUEST.mkdir, (message) => message.word(handle).text("planted").word(0o755).word(0));
  assert.equal(made, ERROR_NUMBER.notFolder);
});

test("a tree in memory that is full says so", () => {
  const tree = createMemoryTree({ capacityBytes: 4096, now: () => 0 });
  tree.create(["a"], 0o644).write(0, new Uint8Array(2000));
  assert.throws(() => tree.create(["b"], 0o644).write(0, new Uint8Array(2000)), { number: ERROR_NUMBER.noSpace });
});

test("the device shows its tag and answers messages in its queue", () => {
  const driver = new TestDriver(
    createVirtio9p({ tag: "share", tree: createMemoryTree({ capacityBytes: 9999, now: () => 0 }) }),
  );
  driver.start();
  const config = Array.from({ length: 7 }, (_byte, offset) => driver.device.read(0x100 + offset, 1));
  assert.deepEqual(config, [5, 0, ...Uint8Array.from("share", (character) => character.charCodeAt(0))]);
  const version = Uint8Array.of(
    21,
    0,
    0,
    0,
    100,
    0xff,
    0xff,
    0,
    32,
    0,
    0,
    8,
    0,
    ...Uint8Array.from("9P2000.L", (character) => character.charCodeAt(0)),
  );
  const { bytes } = driver.exchange(0, [version, 64]);
  assert.deepEqual([...bytes.subarray(0, 11)], [21, 0, 0, 0, 101, 0xff, 0xff, 0, 32, 0, 0]);
  assert.equal(driver.exchange(0, [Uint8Array.of(1), 64]).written, 0);
});
