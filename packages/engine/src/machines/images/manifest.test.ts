import { deepEqual, equal, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { builtInManifests, readManifest } from "./manifest.ts";
import { settleManifest } from "./manifest-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-manifest-"));
after(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const file = join(folder, "image.yaml");
  writeFileSync(file, text);
  return file;
}

test("the manifests that come with Cloister can be read for every architecture", () => {
  deepEqual(builtInManifests(), ["agents", "base", "tiny"]);
  for (const name of builtInManifests())
    for (const architecture of ["amd64", "arm64", "riscv64"]) {
      const manifest = readManifest(name, { architecture });
      deepEqual([manifest.name, manifest.architecture], [name, architecture]);
    }
});

test("what a manifest leaves out has defaults, and the order of its lists makes no difference", () => {
  deepEqual(readManifest(write("name: mine\npackages: [git, bash, git]\narchitecture: arm64")), {
    name: "mine",
    builder: "debian",
    architecture: "arm64",
    release: "bookworm",
    packages: ["bash", "git"],
    npm: [],
    diskMib: 2048,
    outputs: ["archive", "disk"],
  });
});

test("what is different on an architecture goes before the manifest's own, there alone", () => {
  const text = `name: mine
packages: [git]
node: 24.21.0
architectures:
  riscv64: { release: trixie, packages: [nodejs, bash, bash], node: none, diskMib: 64 }`;
  const common = { name: "mine", builder: "debian", npm: [], outputs: ["archive", "disk"] };
  const read = (architecture: string): unknown => settleManifest(readManifest(write(text), { architecture }));
  deepEqual(read("amd64"), {
    ...common,
    architecture: "amd64",
    release: "bookworm",
    packages: ["git"],
    node: "24.21.0",
    diskMib: 2048,
  });
  deepEqual(read("riscv64"), {
    ...common,
    architecture: "riscv64",
    release: "trixie",
    packages: ["bash", "nodejs"],
    diskMib: 64,
  });
});

test("an architecture without Node has no npm packages either", () => {
  const text = "name: mine\nnode: 24.21.0\nnpm: ['left-pad@1.3.0']\narchitectures: { riscv64: { node: none } }";
  const manifest = readManifest(write(text), { architecture: "riscv64" });
  throws(() => settleManifest(manifest), /mine to be possible for riscv64: expected a version/);
});

const REFUSED: readonly { readonly name: string; readonly text: string; readonly says: RegExp }[] = [
  { name: "nothing", text: "", says: /expected object/ },
  { name: "a list", text: "- name: a", says: /expected object/ },
  { name: "no YAML", text: "name: [", says: /Expected an image manifest/ },
  { name: "an alias", text: "name: &a x\nrelease: *a", says: /alias/i },
  { name: "no name", text: "release: bookworm", says: /name:/ },
  { name: "a name that is a path", text: "name: ../up", says: /name: expected lower case letters/ },
  { name: "a long name", text: `name: ${"a".repeat(41)}`, says: /name: expected lower case letters/ },
  { name: "an unknown setting", text: "name: a\npakages: [git]", says: /pakages/ },
  { name: "an unknown builder", text: "name: a\nbuilder: rpm", says: /builder:/ },
  { name: "an unknown architecture", text: "name: a\narchitecture: x64", says: /architecture:/ },
  { name: "a release that is an option", text: "name: a\nrelease: --help", says: /release: expected the name/ },
  {
    name: "a package that is an option",
    text: "name: a\npackages: [-y]",
    says: /packages.0: expected the name of a Debian package/,
  },
  {
    name: "a package with a shell's words",
    text: "name: a\npackages: ['git;id']",
    says: /packages.0: expected the name of a Debian/,
  },
  {
    name: "an npm package without version",
    text: "name: a\nnode: 24.21.0\nnpm: [left-pad]",
    says: /npm.0: expected an npm package/,
  },
  {
    name: "an npm range",
    text: "name: a\nnode: 24.21.0\nnpm: ['left-pad@^1.0.0']",
    says: /npm.0: expected an npm package/,
  },
  {
    name: "an npm tag",
    text: "name: a\nnode: 24.21.0\nnpm: ['left-pad@latest']",
    says: /npm.0: expected an npm package/,
  },
  {
    name: "an npm address",
    text: "name: a\nnode: 24.21.0\nnpm: ['x@https://a.example/x.tgz']",
    says: /npm.0: expected an npm package/,
  },
  { name: "npm packages without Node", text: "name: a\nnpm: ['left-pad@1.3.0']", says: /node: expected a version/ },
  { name: "a vague Node", text: "name: a\nnode: '24'", says: /node: expected an exact version/ },
  {
    name: "packages for BusyBox",
    text: "name: a\nbuilder: busybox\npackages: [git]",
    says: /builder: expected debian/,
  },
  { name: "a disk too small", text: "name: a\ndiskMib: 8", says: /diskMib:/ },
  { name: "a disk too large", text: "name: a\ndiskMib: 99999999", says: /diskMib:/ },
  { name: "no output", text: "name: a\noutputs: []", says: /outputs:/ },
  { name: "an unknown output", text: "name: a\noutputs: [iso]", says: /outputs.0:/ },
  { name: "an unknown architecture's own", text: "name: a\narchitectures: { x64: {} }", says: /architectures/ },
  {
    name: "an architecture's own name",
    text: "name: a\narchitectures: { arm64: { name: b } }",
    says: /architectures.arm64/,
  },
  {
    name: "an architecture's vague Node",
    text: "name: a\narchitectures: { arm64: { node: '24' } }",
    says: /architectures.arm64.node: expected an exact version, such as 24.21.0, or none/,
  },
  { name: "too much text", text: `name: a\n#${"x".repeat(70_000)}`, says: /more than 65536/ },
];

for (const { name, text, says } of REFUSED) {
  test(`a manifest with ${name} is refused with its file and what was expected`, () => {
    const file = write(text);
    throws(
      () => readManifest(file),
      (error: unknown) => {
        equal(CloisterError.isInstance(error) && error.code, "image_invalid");
        equal(CloisterError.isInstance(error) && error.file, file);
        return says.test((error as Error).message);
      },
    );
  });
}

test("a name that is not known is answered with those that are, a missing file with its path", () => {
  throws(() => readManifest("huge"), /agents, base, tiny/);
  throws(() => readManifest(join(folder, "missing.yaml")), /can't be read/);
});
