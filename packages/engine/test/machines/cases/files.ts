import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { Header } from "tar";
import { CloisterError } from "@cloister/core";
import { getFolder, putFolder } from "../../../src/machines/files/folders.ts";
import type { OpenMachine } from "../../../src/machines/manager/port.ts";
import { saidIn } from "../../../src/machines/testing/run-in-machine.ts";
import type { Cases } from "../subject.ts";

const FIVE_MIB = 5 * 1024 ** 2;

/** What goes into machines and comes out of them. */
export const FILE_CASES: Cases = {
  "takes a file of 5 MiB and gives it back, with its mode": async (subject) => {
    const machine = await subject.main();
    const path = join(await newFolder(machine), "new", "file");
    const content = randomBytes(FIVE_MIB);
    await put(machine, path, content, 0o750);
    assert.equal(await saidIn(machine, ["stat", "-c", "%a %s", path]), `750 ${FIVE_MIB}`);
    assert.ok(content.equals(await read(machine, path)));
    await assert.rejects(read(machine, path, FIVE_MIB - 1), isMachineFailure);
    await saidIn(machine, ["rm", path]);
    await assert.rejects(read(machine, path), isMachineFailure);
  },

  "does not follow a link as the last part of what is asked for": async (subject) => {
    const machine = await subject.main();
    const folder = await newFolder(machine);
    await saidIn(machine, `ln -s /etc/passwd ${folder}/link; mkfifo ${folder}/fifo`);
    for (const name of ["link", "fifo", "."]) await assert.rejects(read(machine, join(folder, name)), isMachineFailure);
  },

  "takes any name of a file that the system takes": async (subject) => {
    const machine = await subject.main();
    const folder = await newFolder(machine);
    const names = ["new\nline", "日本 ünïcode", "-rf", "$(touch x)'\"`", "x".repeat(255)];
    for (const name of names) await put(machine, join(folder, name), Buffer.from(name));
    for (const name of names) assert.equal((await read(machine, join(folder, name))).toString(), name);
    assert.equal(
      await saidIn(machine, `cd ${folder} && find . -type f -exec echo x \\; | wc -l`),
      String(names.length),
    );
  },

  "takes folders and gives them back": async (subject) => {
    const machine = await subject.main();
    using host = temporaryFolder();
    const [from, to] = [join(host.path, "from"), join(host.path, "to")];
    mkdirSync(join(from, "deep", "empty"), { recursive: true });
    writeFileSync(join(from, "deep", "ünï\ncode"), "one");
    writeFileSync(join(from, "program"), "two", { mode: 0o755 });
    symlinkSync("program", join(from, "link"));
    const folder = join(await newFolder(machine), "copy");
    await putFolder(machine, from, folder);
    assert.equal(await saidIn(machine, ["readlink", join(folder, "link")]), "program");
    await getFolder(machine, folder, { to, maxBytes: 1000 });
    const found = readdirSync(to, { recursive: true, encoding: "utf8" }).toSorted();
    assert.deepEqual(found, ["deep", "deep/empty", "deep/ünï\ncode", "program"], "links do not come out");
    assert.equal(readFileSync(join(to, "deep/ünï\ncode"), "utf8"), "one");
    assert.equal(lstatSync(join(to, "program")).mode & 0o777, 0o755);
    await assert.rejects(getFolder(machine, folder, { to: join(host.path, "small"), maxBytes: 5 }), isMachineFailure);
  },

  "writes nothing outside of the folder that is asked for, whatever comes out": async (subject) => {
    const machine = await subject.main();
    const folder = await newFolder(machine);
    for (const [name, entries] of Object.entries(HOSTILE)) {
      using host = temporaryFolder();
      const to = join(host.path, "to");
      mkdirSync(join(host.path, "outside"));
      writeFileSync(join(host.path, "victim"), "unharmed");
      // A machine's own tar says what the machine wants.
      await put(
        machine,
        join(folder, "archive"),
        Buffer.concat([...entries(host.path).map(entry), Buffer.alloc(1024)]),
      );
      await put(machine, join(folder, "tar"), Buffer.from(`#!/bin/sh\ncat ${folder}/archive\n`), 0o755);
      const hostile = { ...machine, env: { ...machine.env, PATH: `${folder}:${machine.env["PATH"] ?? ""}` } };
      await getFolder(hostile, folder, { to, maxBytes: 1_000_000 }).catch((error: unknown) => {
        assert.ok(isMachineFailure(error), `${name}: ${String(error)}`);
      });
      assert.deepEqual(readdirSync(host.path).toSorted(), ["outside", "to", "victim"], name);
      assert.deepEqual(readdirSync(join(host.path, "outside")), [], name);
      assert.equal(readFileSync(join(host.path, "victim"), "utf8"), "unharmed", name);
      assert.equal(existsSync("/cloister-escape"), false, name);
      assert.deepEqual(linksIn(to), [], name);
    }
  },
};

type Entry = { readonly path: string; readonly type: "File" | "SymbolicLink" | "Link"; readonly linkpath?: string };

/** What a hostile machine sends as a folder. @param host a folder of the host that it happens to know */
const HOSTILE: Readonly<Record<string, (host: string) => readonly Entry[]>> = {
  "a path that leads up": () => [{ path: "../escaped", type: "File" }],
  "a path that leads up in the middle": () => [{ path: "a/../../escaped", type: "File" }],
  "an absolute path": (host) => [{ path: `${host}/escaped`, type: "File" }],
  "an absolute path of the system": () => [{ path: "/cloister-escape", type: "File" }],
  "a link that leads up, then a file below it": () => [
    { path: "door", type: "SymbolicLink", linkpath: "../outside" },
    { path: "door/file", type: "File" },
  ],
  "an absolute link, then a file below it": (host) => [
    { path: "door", type: "SymbolicLink", linkpath: `${host}/outside` },
    { path: "door/file", type: "File" },
  ],
  "a hard link, then a file in its place": (host) => [
    { path: "door", type: "Link", linkpath: `${host}/victim` },
    { path: "door", type: "File" },
  ],
  "a link to a file, then a file in its place": () => [
    { path: "door", type: "SymbolicLink", linkpath: "../victim" },
    { path: "door", type: "File" },
  ],
  "no archive at all": () => [],
};

function entry({ path, type, linkpath }: Entry): Buffer {
  const content = type === "File" ? Buffer.from("escaped") : Buffer.alloc(0);
  const header = new Header({
    path,
    type,
    mode: 0o644,
    size: content.length,
    mtime: new Date(0),
    ...(linkpath === undefined ? {} : { linkpath }),
  });
  const block = Buffer.alloc(512);
  header.encode(block, 0);
  return Buffer.concat([block, content, Buffer.alloc(content.length === 0 ? 0 : 512 - content.length)]);
}

function linksIn(folder: string): readonly string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return entries.filter((found) => found.isSymbolicLink()).map(({ name }) => name);
}

async function newFolder(machine: OpenMachine): Promise<string> {
  return saidIn(machine, 'mktemp -d "$HOME/files-XXXXXX"');
}

function put(
  { guest, surroundings: { user } }: OpenMachine,
  path: string,
  content: Uint8Array,
  mode = 0o644,
): Promise<void> {
  return guest.putFile(path, Readable.from([content]), { mode, ...(user === undefined ? {} : { user }) });
}

function read({ guest }: OpenMachine, path: string, maxBytes: number = FIVE_MIB): Promise<Buffer> {
  return buffer(Readable.from(guest.getFile(path, { maxBytes })));
}

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "cloister-files-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function isMachineFailure(error: unknown): boolean {
  return CloisterError.isInstance(error) && error.code === "machine_failed";
}
