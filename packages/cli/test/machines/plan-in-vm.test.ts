/**
 * The plan of the main job with the real Codex CLI in a virtual machine of QEMU (here emulated), behind the gateway. In the middle of it
 * the machine's memory and disk are saved and looked through: no credential is in them, nor afterwards in anything that was kept.
 */
import assert from "node:assert/strict";
import { createReadStream, globSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startModelServer } from "@cloister/testkit";
import { pictureOf } from "../harness/checkout.ts";
import type { CliEnd } from "../harness/cli-process.ts";
import type { TestRepository } from "../harness/test-repository.ts";
import { until } from "../harness/until.ts";
import { agentEnvironment, assertCompleted, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";

const SECRET = "sk-proj-a-secret-that-no-machine-has-4c1e77";
/** In every request of the agent: what was saved is memory in which it worked. */
const KNOWN = "slugify";
const LONGEST_MS = 20 * 60_000;
const MANIFEST = `name: plan-in-vm
release: bookworm
packages: [bash, ca-certificates, git, procps]
node: 24.21.0
npm: ["@openai/codex@0.169.0"]
diskMib: 1536
outputs: [disk]
`;

test(
  "Codex completes the plan in a virtual machine, and no credential was ever in it",
  { timeout: 2 * LONGEST_MS },
  async () => {
    const script = readTextToolsScript();
    await using server = await startModelServer({ script });
    using repository = createTextTools({ ...agentEnvironment(server.url), OPENAI_API_KEY: SECRET });
    await buildImage(repository);
    const before = pictureOf(repository);
    const args = ["run", "plan.md", "--agent", "codex", "--model", "gpt-5.5", "--machine", "qemu:plan-in-vm", "--json"];
    const running = repository.start(args, { longestMs: LONGEST_MS });
    await until(
      "the agent has worked",
      () => running.output().includes('"type":"gate_started","iteration":1'),
      LONGEST_MS,
    );
    const folder = await saveMachine(repository);
    assert.deepEqual(await holders(folder, SECRET), [], "no credential is in memory, disk or logs of the machine");
    assert.notDeepEqual(await holders(folder, KNOWN), [], "what is in its memory is found there");

    const end = await running.ended;
    assert.deepEqual(pictureOf(repository), before, "the user's checkout is as it was");
    assertCompleted(end, { server, script, repository });
    assert.deepEqual(await holders(repository.folder, SECRET), [], "nothing that is kept holds a credential");
    assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "", "the machine ended with the run");
  },
);

/** Builds the image where it was not built before: all tests share what was built. */
async function buildImage(repository: TestRepository): Promise<void> {
  const shared = join(tmpdir(), `cloister-test-images-${process.getuid?.() ?? 0}`, "images");
  const state = repository.env["CLOISTER_STATE_HOME"] ?? "";
  for (const folder of [shared, state]) mkdirSync(folder, { recursive: true });
  symlinkSync(shared, join(state, "images"));
  const manifest = join(repository.folder, "image.yaml");
  writeFileSync(manifest, MANIFEST);
  // As whoever runs the tests: they know the way to the package registries.
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(own), ...repository.env, HOME: process.env["HOME"] ?? "" };
  const built = await repository.run(["image", "build", manifest], { env, longestMs: LONGEST_MS });
  assert.equal(built.code, 0, built.stderr);
}

/** Saves the run's machine while it works. @returns its folder */
async function saveMachine(repository: TestRepository): Promise<string> {
  const { id } = onlyLine(await repository.run(["machine", "list", "--json"]));
  const saved = await repository.run(["machine", "snapshot", String(id), "look", "--json"]);
  assert.equal(onlyLine(saved)["kind"], "full", saved.stderr);
  return join(repository.env["CLOISTER_STATE_HOME"] ?? "", "machines", String(id));
}

function onlyLine({ stdout, stderr }: CliEnd): Readonly<Record<string, unknown>> {
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 1, stderr + stdout);
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

/** Files below a folder that hold the text, byte for byte. Links and sockets are left out. */
async function holders(folder: string, text: string): Promise<string[]> {
  const files = globSync("**", { cwd: folder })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile());
  const found = await Promise.all(files.map(async (path) => ((await holds(path, text)) ? [path] : [])));
  return found.flat();
}

async function holds(path: string, text: string): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 }) as AsyncIterable<Buffer>) {
    const joined = Buffer.concat([rest, chunk]);
    if (joined.includes(text)) return true;
    rest = joined.subarray(-text.length);
  }
  return false;
}
