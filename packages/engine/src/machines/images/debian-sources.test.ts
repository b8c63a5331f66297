import { deepEqual, rejects } from "node:assert/strict";
import { test } from "node:test";
import { debianSources, type DebianSource, MIRROR_VARIABLE, SUITES_VARIABLE } from "./debian-sources.ts";

function sourcesFrom(mirror: string, suites = ""): Promise<readonly DebianSource[]> {
  const env = { PATH: process.env["PATH"] ?? "", [MIRROR_VARIABLE]: mirror, [SUITES_VARIABLE]: suites };
  return debianSources({ env, folder: "/", onProgress: () => undefined }, "trixie");
}

/** Without what says which keys to trust, which depends on the host. */
async function plain(mirror: string, suites?: string): Promise<readonly string[]> {
  return (await sourcesFrom(mirror, suites)).map(({ line }) => line.replace(/\[[^\]]*\] /, ""));
}

test("a mirror that is named goes before the host's own", async () => {
  deepEqual(await plain("https://mirror.example/debian"), [
    "deb https://mirror.example/debian trixie main",
    "deb https://mirror.example/debian trixie-updates main",
  ]);
  deepEqual(await plain(" http://a.example/debian  http://a.example/debian-security "), [
    "deb http://a.example/debian trixie main",
    "deb http://a.example/debian trixie-updates main",
    "deb http://a.example/debian-security trixie-security main",
  ]);
});

test("updates are left out where that is said, but never the release", async () => {
  const mirrors = "http://a.example/debian http://a.example/debian-security";
  deepEqual(await plain(mirrors, "release"), ["deb http://a.example/debian trixie main"]);
  deepEqual(await plain(mirrors, " security  release "), [
    "deb http://a.example/debian trixie main",
    "deb http://a.example/debian-security trixie-security main",
  ]);
  for (const suites of ["updates", "release backports", "release toString", "release?? updates", "release updates??"])
    await rejects(sourcesFrom(mirrors, suites), { code: "image_invalid" }, suites);
});

test("updates may be missing where that is said, each by itself", async () => {
  const mirrors = "http://a.example/debian http://a.example/debian-security";
  const optional = async (suites: string): Promise<readonly boolean[]> =>
    (await sourcesFrom(mirrors, suites)).map(({ isOptional }) => isOptional);
  deepEqual(await optional(""), [false, false, false]);
  deepEqual(await optional("release updates? security"), [false, true, false]);
  deepEqual(await optional("security? release"), [false, true]);
  deepEqual(await optional("release? security"), [true, false]);
});

test("a release, and nothing else, may have another name", async () => {
  const [release, updates] = await sourcesFrom("http://a.example/debian");
  deepEqual(
    release?.aliases?.map(({ line, codename }) => [line.replace(/\[[^\]]*\] /, ""), codename]),
    ["stable", "oldstable", "oldoldstable", "testing"].map((name) => [
      `deb http://a.example/debian ${name} main`,
      "trixie",
    ]),
  );
  deepEqual(updates?.aliases, undefined);
});

for (const mirror of [
  "mirror.example",
  "--help",
  "ftp://a.example/",
  "http://a.example/[trusted=yes]",
  "http://a.example/x https:",
  "http://a\nb",
])
  test(`a mirror named ${JSON.stringify(mirror)} is refused`, async () => {
    await rejects(sourcesFrom(mirror), { code: "image_invalid" });
  });
