import {
  constants,
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_GATE_TIMEOUT_MS, type GateResult, type GateSpec, type TestResults } from "@cloister/core";
import type { ProcessExit } from "../process/port.ts";
import { excerptHeldOut, excerptOutput } from "./excerpt.ts";
import { placeHeldOut, removeHeldOut } from "./held-out.ts";
import { createOutputBuffer, MAX_OUTPUT_BYTES, type OutputBuffer } from "./output-buffer.ts";
import type { GateContext, RunGate } from "./port.ts";
import { readTestResults } from "./readers/index.ts";
import { readJunit } from "./readers/junit.ts";
import { toVerdict } from "./verdict.ts";

/** Where a gate's command may write JUnit XML, for results that its output does not show. */
const JUNIT_VARIABLE = "CLOISTER_JUNIT_FILE";

/** Runs one gate once and reads what it says; see {@link RunGate}. */
export const runGate: RunGate = async (gate, context) => {
  removeHeldOut(context.workspace); // Left over where Cloister was killed during a held-out gate.
  if (gate.heldOutFiles === undefined) return execute(gate, context, []);
  try {
    const placed = tryPlacing(gate.heldOutFiles, context.workspace);
    return typeof placed === "string" ? heldOutMissing(gate, context, placed) : await execute(gate, context, placed);
  } finally {
    removeHeldOut(context.workspace);
  }
};

/** @returns the files that were placed, or why there are none */
function tryPlacing(source: string, workspace: string): readonly string[] | string {
  try {
    const placed = placeHeldOut(source, workspace);
    return placed.length > 0 ? placed : "The folder of the held-out files is missing or empty.";
  } catch (error: unknown) {
    return `The held-out files could not be put in place: ${String(error)}`;
  }
}

/** Runs `gates` one after the other, in their order. An aborted run leaves the rest out. */
export async function runGates(gates: readonly GateSpec[], context: GateContext): Promise<GateResult[]> {
  const results: GateResult[] = [];
  for (const gate of gates) {
    if (context.signal?.aborted === true) break;
    results.push(await runGate(gate, context));
  }
  return results;
}

async function execute(gate: GateSpec, context: GateContext, heldOut: readonly string[]): Promise<GateResult> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-gate-"));
  try {
    const junitFile = join(folder, "junit.xml");
    await context.machine.bringIn(heldOut);
    await context.machine.makeFolder(folder);
    const { exit, output } = await runCommand(gate, context, junitFile);
    await context.machine.fetch(junitFile, MAX_OUTPUT_BYTES);
    const tests = readResults(output, junitFile, context.workspace);
    const isHeldOut = gate.heldOutFiles !== undefined;
    return {
      gate: gate.name,
      ...toVerdict(exit, tests, output),
      exitCode: exit.code,
      signal: exit.signal,
      durationMs: exit.durationMs,
      ...(tests === undefined ? {} : { tests }),
      output: context.evidence.put(output),
      excerpt: isHeldOut ? excerptHeldOut(tests, exit.code) : excerptOutput(output),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runCommand(
  gate: GateSpec,
  context: GateContext,
  junitFile: string,
): Promise<{ exit: ProcessExit; output: string }> {
  const running = context.machine.startProcess({
    shell: `exec 2>&1\n${gate.command}`, // One pipe for both streams keeps their order.
    cwd: context.workspace,
    env: { ...context.env, ...toGateEnvironment(gate, junitFile) },
    stdin: "empty",
    marker: context.marker,
    timeoutMs: gate.timeoutMs ?? DEFAULT_GATE_TIMEOUT_MS,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const buffer = createOutputBuffer();
  const [exit] = await Promise.all([running.exit, drain(running.stdout, buffer), drain(running.stderr, buffer)]);
  const note = exit.error === undefined ? "" : `\n[cloister: the command could not be started: ${exit.error}]\n`;
  return { exit, output: buffer.toText() + note };
}

function toGateEnvironment(gate: GateSpec, junitFile: string): Record<string, string> {
  const quiet = { CI: "1", NO_COLOR: "1", FORCE_COLOR: "0", CLOISTER_GATE: gate.name, [JUNIT_VARIABLE]: junitFile };
  // Compiled copies of held-out tests must not stay behind.
  return gate.heldOutFiles === undefined ? quiet : { ...quiet, PYTHONDONTWRITEBYTECODE: "1" };
}

async function drain(stream: AsyncIterable<Uint8Array>, buffer: OutputBuffer): Promise<void> {
  for await (const chunk of stream) buffer.push(chunk);
}

/** Tests are called by paths that do not depend on where the workspace is: the baseline ran in another one. */
function readResults(output: string, junitFile: string, workspace: string): TestResults | undefined {
  const roots = existsSync(workspace) ? [`${realpathSync(workspace)}/`, `${workspace}/`] : [];
  const toRelative = (text: string): string => roots.reduce((rest, root) => rest.replaceAll(root, ""), text);
  const xml = readRegularFile(junitFile);
  return (xml === undefined ? undefined : readJunit(toRelative(xml))) ?? readTestResults(toRelative(output));
}

/** The text of a file that the gate's command made: bounded, and never through a link. */
function readRegularFile(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined; // Most commands write none.
  }
  try {
    const { size } = fstatSync(descriptor);
    return fstatSync(descriptor).isFile() && size <= MAX_OUTPUT_BYTES ? readFileSync(descriptor, "utf8") : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function heldOutMissing(gate: GateSpec, context: GateContext, why: string): GateResult {
  return {
    gate: gate.name,
    verdict: "inconclusive",
    inconclusive: "held_out_missing",
    exitCode: null,
    signal: null,
    durationMs: 0,
    output: context.evidence.put(why),
    excerpt: why,
  };
}
