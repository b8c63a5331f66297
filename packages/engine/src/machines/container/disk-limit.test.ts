import { deepEqual, equal, rejects } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createWithQuota } from "./disk-limit.ts";
import { plainEngine } from "./engine.ts";

/** What engines say of their storage, as recorded (podman) or documented (docker), and whether it may have quotas. */
const STORAGES: readonly (readonly [program: "podman" | "docker", said: string, mayHave: boolean])[] = [
  ["podman", 'overlay {"Backing Filesystem":"extfs","Native Overlay Diff":"true","Supports d_type":"true"}', false],
  ["podman", 'overlay {"Backing Filesystem":"xfs","Native Overlay Diff":"true","Supports d_type":"true"}', true],
  ["podman", 'btrfs {"Build Version":"Btrfs v6.2"}', true],
  ["podman", "vfs {}", false],
  ["docker", 'overlay2 [["Backing Filesystem","xfs"],["Supports d_type","true"]]', true],
  ["docker", 'overlay2 [["Backing Filesystem","extfs"],["Supports d_type","true"]]', false],
];
/** What podman 4.3 says where XFS is mounted without project quotas, as recorded. */
const REFUSAL =
  "storage options overlay.size and overlay.inodes not supported. Filesystem does not support Project Quota: failed to set quota limit";

/** Puts an engine on the PATH that answers `info` with a text of its own. */
async function withEngine(
  program: "podman" | "docker",
  said: string,
  act: (path: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-engine-"));
  try {
    writeFileSync(join(folder, program), `#!/bin/sh\ncat <<'END'\n${said}\nEND\n`);
    chmodSync(join(folder, program), 0o755);
    await act(`${folder}:/usr/bin:/bin`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [program, said, mayHave] of STORAGES)
  test(`a quota is ${mayHave ? "asked for" : "not asked for"} where ${program} says ${said.slice(0, 40)}`, () =>
    withEngine(program, said, async (path) => {
      const asked: (readonly string[])[] = [];
      const context = { engine: plainEngine(program), env: { PATH: path } };
      const has = await createWithQuota(context, 31.5, (options) => Promise.resolve(asked.push(options)));
      equal(has, mayHave);
      deepEqual(asked, [mayHave ? ["--storage-opt", "size=32m"] : []]);
    }));

test("a container is made without a quota where the file system refuses one; any other failure is told", () =>
  withEngine("podman", STORAGES[1]?.[1] ?? "", async (path) => {
    const context = { engine: plainEngine("podman"), env: { PATH: path } };
    const failWith = (message: string) => (options: readonly string[]) =>
      options.length > 0 ? Promise.reject(new Error(message)) : Promise.resolve();
    equal(await createWithQuota(context, 32, failWith(REFUSAL)), false);
    await rejects(createWithQuota(context, 32, failWith("the name is in use")), /in use/);
  }));
