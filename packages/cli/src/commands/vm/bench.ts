import { CloisterError } from "@cloister/core";
import { EXECUTION_MODES, type VmBenchOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { renderTable } from "../../render/table.ts";
import { printJson, type Terminal } from "../../terminal/terminal.ts";
import { type BenchEngine, findQemu, ownEngine, type Taken } from "./bench-engines.ts";
import { BENCH_PROGRAMS, type BenchProgram } from "./bench-programs.ts";
import { withVmErrors } from "./with-vm-errors.ts";

/** The fastest of an engine's runs of a program. */
type Row = Taken & {
  readonly program: string;
  readonly engine: string;
  /** As the engine counted them; QEMU does not count, and has those of the same program in the mode before. */
  readonly instructions: number;
};

const MILLION = 1e6;
const COLUMNS = [
  { title: "PROGRAM" },
  { title: "ENGINE" },
  { title: "SECONDS", align: "right" },
  { title: "MIPS", align: "right" },
  { title: "× QEMU", align: "right" },
  { title: "COMPILED", align: "right" },
  { title: "LOADED", align: "right" },
  { title: "INTERPRETED", align: "right" },
  { title: "IN BLOCKS", align: "right" },
  { title: "IN REGIONS", align: "right" },
] as const;

/** `cloister vm bench`. */
export const bench: CommandHandler<VmBenchOptions> = ({ args, options }, terminal) =>
  withVmErrors(async () => {
    const programs = args.length === 0 ? BENCH_PROGRAMS : args.map(findProgram);
    const modes = options.mode === undefined ? [...EXECUTION_MODES, "cached" as const] : [options.mode];
    const qemu = await findQemu();
    const engines = [...modes.map(ownEngine), ...(qemu === undefined ? [] : [qemu])];
    if (qemu === undefined) terminal.note("QEMU is not installed: nothing is compared with it.");
    const rows = await measure({ programs, engines, rounds: options.rounds ?? 1 }, terminal);
    if (options.json === true) for (const row of rows) printJson(terminal, toJson(row));
    else
      terminal.print(
        ...renderTable(
          COLUMNS,
          rows.map((row) => toCells(row, rows)),
        ),
      );
    return 0;
  });

function findProgram(name: string): BenchProgram {
  const program = BENCH_PROGRAMS.find((known) => known.name === name);
  if (program !== undefined) return program;
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected any of ${BENCH_PROGRAMS.map((known) => known.name).join(", ")}; got "${name}".`,
  });
}

type Plan = {
  readonly programs: readonly BenchProgram[];
  readonly engines: readonly BenchEngine[];
  readonly rounds: number;
};

/** All engines take their turns, so that what else the host does is shared out among them. */
async function measure({ programs, engines, rounds }: Plan, terminal: Terminal): Promise<readonly Row[]> {
  const fastest = new Map<string, Row>();
  for (let round = 1; round <= rounds; round++)
    for (const program of programs) {
      let instructions = 0;
      for (const engine of engines) {
        if (terminal.closed.aborted) return [...fastest.values()];
        terminal.note(`round ${round} of ${rounds}: ${program.name}, ${engine.name}`);
        const taken = await engine.run(program);
        instructions = taken.statistics?.instructions ?? instructions;
        const key = `${program.name} ${engine.name}`;
        if (taken.seconds < (fastest.get(key)?.seconds ?? Number.POSITIVE_INFINITY))
          fastest.set(key, { program: program.name, engine: engine.name, instructions, ...taken });
      }
    }
  return [...fastest.values()];
}

function mipsOf({ instructions, seconds }: Row): number {
  return instructions / seconds / MILLION;
}

function toJson({ statistics, ...row }: Row): unknown {
  const common = { ...row, mips: mipsOf(row) };
  if (statistics === undefined) return common;
  const { compiled, loaded, byTier } = statistics;
  return { ...common, units: { compiled, loaded }, instructionsByTier: byTier };
}

function toCells(row: Row, rows: readonly Row[]): readonly string[] {
  const { program, engine, seconds, statistics } = row;
  const qemu = rows.find((other) => other.program === program && other.engine === "qemu");
  const beside = qemu === undefined ? "" : (qemu.seconds / seconds).toFixed(2);
  const common = [program, engine, seconds.toFixed(2), mipsOf(row).toFixed(0), beside];
  if (statistics === undefined) return common;
  const { compiled, loaded, byTier, instructions } = statistics;
  const share = (count: number): string => `${((count / instructions) * 100).toFixed(1)} %`;
  const units = [compiled, loaded].map(({ block, region }) => String(block + region));
  return [...common, ...units, share(byTier.interpreter), share(byTier.block), share(byTier.region)];
}
