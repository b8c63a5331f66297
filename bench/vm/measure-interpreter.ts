/** The interpreter alone, on programs without an operating system. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Measurement } from "../measurement.ts";
import { cloisterRun } from "./engines.ts";
import { geometricMean } from "./geometric-mean.ts";
import type { Place } from "./place.ts";
import { runToEnd } from "./run-machine.ts";
import { readRunStatistics } from "./run-statistics.ts";
import { ROUNDS } from "./settings.ts";
import { compileBareProgram, compileProgram, PROGRAMS } from "./workloads.ts";

const TARGET_MIPS = 200;

/** Measures how many million instructions it runs in a second. */
export async function measureInterpreter(place: Place): Promise<Measurement[]> {
  const programs = PROGRAMS.map((name) => compile(place, name));
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const speeds: number[] = [];
    for (const program of programs) speeds.push(await interpret(place, program));
    rounds.push(speeds);
  }
  const row = (name: string, speeds: readonly number[]): Measurement => ({
    name: `Interpreter alone, bare metal: ${name}`,
    unit: "MIPS",
    peer: "",
    rounds: speeds.map((speed) => ({ cloister: [speed], peer: [] })),
  });
  return [
    ...PROGRAMS.map((name, index) =>
      row(
        `\`${name}\``,
        rounds.map((speeds) => speeds[index] ?? Number.NaN),
      ),
    ),
    { ...row("geometric mean of these", rounds.map(geometricMean)), target: { of: "cloister", atLeast: TARGET_MIPS } },
  ];
}

/** A program, and what it prints. */
type Program = { readonly path: string; readonly output: string };

function compile({ folder }: Place, name: string): Program {
  const [path, native] = [join(folder, `${name}.elf`), join(folder, `${name}.native`)];
  compileBareProgram(name, path);
  compileProgram(name, "host", native);
  return { path, output: execFileSync(native).toString() };
}

/** @returns its speed in MIPS; @throws Error where the program prints something else than on the host */
async function interpret({ folder, native }: Place, { path, output }: Program): Promise<number> {
  native.look();
  const file = join(folder, "interpreter.json");
  const said = await runToEnd(cloisterRun(["--kernel", path, "--mode", "interpreter", "--stats", file]));
  if (said !== output) throw new Error(`Expected ${output} of ${path}, got ${said}`);
  const { instructions, wallSeconds } = readRunStatistics(file);
  return instructions / wallSeconds / 1e6;
}
