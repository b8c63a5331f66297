import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ToolContext } from "./build-tool.ts";
import { openDebianArchive } from "./debian-archive.ts";
import { type DebianSource, SUITES_VARIABLE } from "./debian-sources.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-archive-"));
after(() => rmSync(folder, { recursive: true }));

const LIST = "Package: told\nArchitecture: riscv64\nVersion: 1\nDepends: other (>= 2), third\n\n";

/** A mirror with one more suite. @param list that the mirror has; what its release file promises is {@link LIST} */
function mirrorWith(suite: string, list: string, codename = suite): string {
  const release = join(folder, "mirror", "dists", suite);
  const lists = join(release, "main", "binary-riscv64");
  mkdirSync(lists, { recursive: true });
  writeFileSync(join(lists, "Packages"), list);
  const hash = createHash("sha256").update(LIST).digest("hex");
  const head = `Suite: ${suite}\nCodename: ${codename}\nDate: ${new Date().toUTCString()}\nArchitectures: riscv64\nComponents: main\n`;
  writeFileSync(join(release, "Release"), `${head}SHA256:\n ${hash} ${LIST.length} main/binary-riscv64/Packages\n`);
  // No signature: that one is checked is up to apt, and to the sources that `debianSources` writes.
  return `deb [trusted=yes] copy:${join(folder, "mirror")} ${suite} main`;
}

function contextFor(onProgress: ToolContext["onProgress"] = () => undefined): ToolContext {
  return { env: { PATH: process.env["PATH"] ?? "" }, folder: mkdtempSync(join(folder, "build-")), onProgress };
}

const good: DebianSource = { line: mirrorWith("good", LIST), isOptional: false };
const wrong = [
  ["longer", `${LIST}Package: more\n`],
  ["of other bytes", LIST.replace("third", "thirt")],
] as const;

for (const [what, list] of wrong) {
  const suite = `wrong-${list.length}`;
  const line = mirrorWith(suite, list);
  const open = async (isOptional: boolean): Promise<readonly [readonly string[], readonly string[], string]> => {
    const said: string[] = [];
    const context = contextFor((word) => void said.push(word));
    const archive = await openDebianArchive(context, "riscv64", [good, { line, isOptional }]);
    return [archive.sources, said, (await archive.dependencies("told")).join()];
  };

  test(`a suite whose list is ${what} than its release says is refused, with what to do`, async () => {
    await rejects(open(false), {
      code: "machine_failed",
      remedy: new RegExp(`${SUITES_VARIABLE}="release updates\\?`),
    });
  });

  test(`a suite whose list is ${what} is left out with a warning where that is allowed, and the others are read`, async () => {
    const [sources, said, dependencies] = await open(true);
    deepEqual(sources, [good.line]);
    equal(dependencies, "other,third");
    deepEqual(
      said.map((word) => word.startsWith("warning: left out") && word.includes(suite)),
      [true],
    );
  });
}

test("an optional suite that is sound is read", async () => {
  const context = contextFor();
  const archive = await openDebianArchive(context, "riscv64", [{ ...good, isOptional: true }]);
  deepEqual(archive.sources, [good.line]);
});

test("an optional suite that can't be reached at all ends the build: only wrong lists are done without", async () => {
  const context = contextFor();
  const line = `deb [trusted=yes] copy:${join(folder, "nowhere")} good main`;
  await rejects(openDebianArchive(context, "riscv64", [good, { line, isOptional: true }]), { code: "machine_failed" });
});

const replaced = { line: mirrorWith("renewed", `${LIST}Package: more\n`), isOptional: true };
const aliasWith = (suite: string, list = LIST, codename = "renewed"): NonNullable<DebianSource["aliases"]>[number] => ({
  line: mirrorWith(suite, list, codename),
  codename: "renewed",
});

test("a release whose lists are wrong is replaced by that of its other names whose lists are sound and are of it, with a warning", async () => {
  const said: string[] = [];
  const missing = { line: mirrorWith("good", LIST).replace("good", "missing"), codename: "renewed" };
  const aliases = [missing, aliasWith("another", LIST, "younger"), aliasWith("broken", "short"), aliasWith("old")];
  const context = contextFor((word) => void said.push(word));
  const archive = await openDebianArchive(context, "riscv64", [{ ...replaced, aliases }]);
  deepEqual(archive.sources, [aliases[3]?.line]);
  equal((await archive.dependencies("told")).join(), "other,third");
  equal(said.length, 1);
  match(said.join(), /^warning: replaced.* renewed main; instead: .* old main$/);
});

test("a release whose lists are wrong under all of its names is refused", async () => {
  const aliases = [aliasWith("another", LIST, "younger"), aliasWith("broken", "short")];
  await rejects(openDebianArchive(contextFor(), "riscv64", [{ ...replaced, aliases }]), { code: "machine_failed" });
});
