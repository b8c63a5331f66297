import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { after, test } from "node:test";
import { createGit } from "../../vcs/index.ts";
import { machinePlaces } from "../places.ts";
import { connectGuest } from "../guest/connect-guest.ts";
import { guestProgram } from "../guest/program.ts";
import type { GuestConnection } from "../guest/port.ts";
import { HostTree, withoutLinks } from "./host-tree.ts";
import { WorkspaceCopy } from "./workspace-copy.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-code-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = withoutLinks({ PATH: process.env["PATH"] ?? "", HOME: folder });
let made = 0;

/** A repository on the host, and a machine (here: another folder) that has a copy of it. */
async function openCopy({
  tools,
  maxBytes = 10_000_000,
}: { readonly tools?: string; readonly maxBytes?: number } = {}) {
  made += 1;
  const own = join(folder, String(made));
  const [host, apart, scratch, guestFolder] = ["host", "apart", "scratch", "guest"].map((name) => join(own, name));
  if (host === undefined || apart === undefined || scratch === undefined || guestFolder === undefined)
    throw new Error();
  for (const path of [host, scratch]) mkdirSync(path, { recursive: true });
  const git = createGit(host, env);
  await git(["init", "-q", "-b", "work"]);
  write(host, { "a.txt": "a", "src/b.txt": "b", ".gitignore": "ignored\n" });
  await git(["add", "-A"]);
  const identity = { GIT_AUTHOR_NAME: "n", GIT_AUTHOR_EMAIL: "e", GIT_COMMITTER_NAME: "n", GIT_COMMITTER_EMAIL: "e" };
  await git(["commit", "-qm", "base"], { env: identity });
  const guest = await openGuest();
  const path = tools === undefined ? env["PATH"] : `${tools}:${env["PATH"]}`;
  const copy = new WorkspaceCopy({
    guest,
    host: new HostTree({ workspace: host, folder: scratch, env }),
    workspace: apart,
    branch: "work",
    folder: scratch,
    guestFolder,
    user: undefined,
    env: { PATH: path ?? "", HOME: guestFolder },
    maxBytes,
  });
  return { copy, host, apart, git, guestFolder };
}

async function openGuest(): Promise<GuestConnection> {
  const { cache } = machinePlaces({ ...process.env } as Record<string, string>);
  const program = await guestProgram({ architecture: process.arch === "arm64" ? "arm64" : "amd64", cache });
  const child = spawn(program, ["serve", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const guest = await connectGuest({
    stream: Duplex.from({ readable: child.stdout, writable: child.stdin }),
    close: () => {
      child.kill();
      return Promise.resolve();
    },
  });
  after(() => guest[Symbol.asyncDispose]());
  return guest;
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const read = (root: string, path: string): string => readFileSync(join(root, path), "utf8");

test("what is in the workspace arrives in the machine, with its history, and what was changed there comes back", async () => {
  const { copy, host, apart, git } = await openCopy();
  write(host, { "new.txt": "not committed", ignored: "stays" });
  await copy.bringIn([]);
  assert.equal(read(apart, "a.txt"), "a");
  assert.equal(read(apart, "new.txt"), "not committed");
  assert.equal(existsSync(join(apart, "ignored")), false);
  const log = await createGit(apart, env)(["log", "--format=%s %D"]);
  assert.match(log.stdout, /^base HEAD -> work/);
  write(apart, { "src/b.txt": "changed", "src/c.txt": "made", ignored: "theirs" });
  rmSync(join(apart, "a.txt"));
  await copy.bringOut();
  assert.deepEqual(
    [read(host, "src/b.txt"), read(host, "src/c.txt"), read(host, "ignored")],
    ["changed", "made", "stays"],
  );
  assert.equal(existsSync(join(host, "a.txt")), false);
  assert.equal((await git(["rev-parse", "HEAD"])).stdout, (await createGit(apart, env)(["rev-parse", "HEAD"])).stdout);
});

test("the machine's workspace is made equal each time: leavings of gates go, files that git ignores stay", async () => {
  const { copy, host, apart } = await openCopy();
  await copy.bringIn([]);
  write(apart, { leaving: "x", "a.txt": "spoilt", ignored: "installed" });
  write(host, { "a.txt": "next" });
  await copy.bringIn([]);
  assert.deepEqual(
    [existsSync(join(apart, "leaving")), read(apart, "a.txt"), read(apart, "ignored")],
    [false, "next", "installed"],
  );
});

test("files that are given by name are there once, and are never brought out", async () => {
  const { copy, host, apart } = await openCopy();
  const secret = join(folder, "held-out.txt");
  writeFileSync(secret, "secret");
  await copy.bringIn([secret]);
  rmSync(secret);
  await copy.bringIn([]);
  await copy.bringOut();
  assert.deepEqual(
    [existsSync(secret), existsSync(join(apart, "held-out.txt")), existsSync(join(host, "held-out.txt"))],
    [false, false, false],
  );
});

test("links come out as plain files: nothing on the host is written or read through them", async () => {
  const { copy, host, apart, git } = await openCopy();
  const target = join(folder, "target");
  mkdirSync(target, { recursive: true });
  await copy.bringIn([]);
  symlinkSync(target, join(apart, "way-out"));
  symlinkSync("/etc/passwd", join(apart, "passwd"));
  await copy.bringOut();
  assert.equal(lstatSync(join(host, "way-out")).isSymbolicLink(), false);
  assert.equal(read(host, "passwd"), "/etc/passwd");
  rmSync(join(apart, "way-out"));
  write(apart, { "way-out/planted": "x" });
  await copy.bringOut();
  assert.equal(existsSync(join(target, "planted")), false);
  assert.equal((await git(["status", "--porcelain", "--", "passwd"])).stdout, "A  passwd\n");
});

test("hooks and settings of the machine's repository are not run on the host, and do not come out", async () => {
  const { copy, host, apart } = await openCopy();
  await copy.bringIn([]);
  const canary = join(folder, "hook-ran");
  for (const hook of ["post-checkout", "post-index-change", "reference-transaction", "pre-commit"]) {
    write(apart, { [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch ${canary}\n` });
    chmodSync(join(apart, ".git/hooks", hook), 0o755);
  }
  write(apart, { "a.txt": "changed", ".gitattributes": "* filter=evil diff=evil merge=evil\n" });
  await copy.bringOut();
  assert.deepEqual([existsSync(canary), existsSync(join(host, ".git/hooks/post-checkout"))], [false, false]);
});

/** A git for the machine that makes the bundle which \`script\` says. */
function hostileGit(name: string, script: string): string {
  const tools = join(folder, name);
  mkdirSync(tools, { recursive: true });
  const real = `PATH=${env["PATH"]} git`;
  writeFileSync(
    join(tools, "git"),
    `#!/bin/sh\nreal() { ${real} "$@"; }\ncase "$*" in *"bundle create"*) for last; do :; done; for file in "$@"; do case "$file" in *.bundle) bundle=$file;; esac; done\n${script}\n;; *) exec env PATH="${env["PATH"]}" git "$@";; esac\n`,
    { mode: 0o755 },
  );
  return tools;
}

const bundleOf = (tree: string): string => `tree=${tree}
commit=$(echo x | real -c user.name=n -c user.email=e commit-tree "$tree")
real update-ref refs/cloister/out "$commit"
real bundle create --quiet "$bundle" refs/cloister/out`;

const blob = `$(echo x | real hash-object -w --stdin)`;
/** A tree with one entry, made by hand: git itself would not. */
const rawTree = (mode: string, name: string, object: string = blob): string =>
  `$( { printf '${mode} ${name}\\000'; echo ${object} | xxd -r -p; } | real hash-object -w -t tree --stdin --literally)`;

const HOSTILE: Readonly<Record<string, string>> = {
  "a bundle of garbage": `head -c 5000 /dev/urandom > "$bundle"`,
  "the way to another repository": `echo "gitdir: $PWD/.git" > "$bundle"`,
  "a bundle with another reference": `real update-ref refs/cloister/other HEAD; real bundle create --quiet "$bundle" refs/cloister/other`,
  "a tree with .git": bundleOf(rawTree("40000", ".git", rawTree("100644", "config"))),
  "a tree with .GIT": bundleOf(rawTree("100644", ".GIT")),
  "a tree with git~1": bundleOf(rawTree("100644", "git~1")),
  "a tree with ..": bundleOf(rawTree("40000", "..", rawTree("100644", "planted"))),
  "a tree with a slash": bundleOf(rawTree("100644", "a/../../planted")),
  "more than may come out": `head -c 20000000 /dev/zero > big; real add big; ${bundleOf("$(real write-tree)")}`,
};

for (const [name, script] of Object.entries(HOSTILE))
  test(`${name} is refused with a typed error, and the workspace stays as it was`, async () => {
    const { copy, host, apart } = await openCopy({ tools: hostileGit(name.replaceAll(/\W/g, "-"), script) });
    await copy.bringIn([]);
    write(apart, { "a.txt": "changed" });
    await assert.rejects(copy.bringOut(), { code: "machine_failed" });
    assert.equal(read(host, "a.txt"), "a");
    assert.equal(existsSync(join(host, "..", "planted")), false);
  });
