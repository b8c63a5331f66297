/**
 * Runs real programs of a Debian guest in this engine and in QEMU, and compares what they print, byte by byte.
 *
 *     node packages/vm/test/guests/compare-guests.ts [--image FOLDER] [--runs auto,cached] [--checks python,git]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engineIdentity } from "../../src/jit/engine-identity.ts";
import { openCacheFolder } from "../../src/node/cache-folder.ts";
import { nodeHost } from "../../src/node/host.ts";
import { openNativeCode } from "../../src/node/native-code.ts";
import type { ExecutionMode } from "../../src/processor/processor.ts";
import { buildImage } from "../built-image.ts";
import { checkNames, createCheckDisk } from "./guest-disk.ts";
import { type CheckReport, compareReports, readGuestReport } from "./guest-report.ts";
import { type Guest, runInEngine, runInQemu } from "./run-guest.ts";

/** How a guest can be run: a mode of the engine, or `auto` with the compiled code that earlier runs left in the folder. */
const RUNS = ["auto", "cached", "block", "region", "interpreter"] as const;
type Run = (typeof RUNS)[number];

const { values } = parseArgs({
  options: {
    image: { type: "string" },
    runs: { type: "string", default: "auto,cached" },
    checks: { type: "string", default: checkNames().join(",") },
    keep: { type: "string" },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @throws Error where one of the names is none of `known` */
function readList<Name extends string>(text: string, known: readonly Name[]): readonly Name[] {
  return text.split(",").map((word) => {
    const found = known.find((name) => name === word);
    if (found === undefined) throw new Error(`expected some of ${known.join(", ")}; got "${word}"`);
    return found;
  });
}

async function runOnce(guest: Guest, run: Run, folder: string): Promise<string> {
  const mode: ExecutionMode = run === "cached" ? "auto" : run;
  if (run !== "auto" && run !== "cached") return (await runInEngine(guest, { mode })).console;
  const native = await openNativeCode(join(folder, "keys", "code"));
  const store = await openCacheFolder({ folder: join(folder, "code"), engine: engineIdentity(), native });
  const { cache } = await store.load();
  const { console: printed, statistics } = await runInEngine(guest, { mode, cache, host: nodeHost(native) });
  await store.save(cache);
  say(`  ${JSON.stringify(statistics)}`);
  return printed;
}

/** @returns whether all is equal */
function judge(run: Run, expected: readonly CheckReport[], actual: readonly CheckReport[]): boolean {
  const differences = compareReports(expected, actual);
  for (const { check, line, ...both } of differences)
    say(`  ${check}, line ${line}\n    QEMU      ${both.expected}\n    Cloister  ${both.actual}`);
  const lines = expected.reduce((sum, report) => sum + report.lines.length, 0);
  say(`${run}: ${differences.length === 0 ? `${lines} lines equal to QEMU's` : "DIFFERENT"}`);
  return differences.length === 0;
}

const [runs, checks] = [readList(values.runs, RUNS), readList(values.checks, checkNames())];
const folder = mkdtempSync(join(tmpdir(), "cloister-guests-"));
try {
  const guest = {
    image: values.image ?? buildImage("base").folder,
    checks: createCheckDisk(checks),
  };
  const keep = (name: string, text: string): void => {
    if (values.keep !== undefined) writeFileSync(join(values.keep, name), text);
  };
  const printed = await runInQemu(guest, folder);
  keep("qemu", printed);
  const expected = readGuestReport(printed);
  for (const { name, status, lines } of expected) {
    say(`${name}: ${lines.length} lines, status ${status}`);
    if (status !== 0) process.exitCode = 1; // It has nothing to compare from there on.
  }
  for (const run of runs) {
    const text = await runOnce(guest, run, folder);
    keep(run, text);
    if (!judge(run, expected, readGuestReport(text))) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
