/** What a trial leaves out or does otherwise: nothing, unless the environment says so. */
import { BUILT, type Edition, EDITIONS } from "../run-cloister.ts";

const PARTS = ["workloads", "v86", "boots", "interpreter"] as const;

/** A part of the scenario. */
export type Part = (typeof PARTS)[number];

const { env } = process;

/** How often each machine has its turn: `BENCH_VM_ROUNDS`. */
export const ROUNDS: number = Number(env["BENCH_VM_ROUNDS"] ?? 3);

/** What is measured: `BENCH_VM_PARTS=boots,interpreter`; all where it is not set. v86 takes its turns among the workloads. */
export const WANTED: ReadonlySet<Part> = new Set(readParts(env["BENCH_VM_PARTS"] ?? PARTS.join(",")));

/** The program that is measured: the published package, or with `BENCH_VM_EDITION=source` what lies here. */
export const EDITION: Edition = EDITIONS.find(({ name }) => name === env["BENCH_VM_EDITION"]) ?? BUILT;

/** CoreMark as a static program for Linux, by the guest's architecture: paths. */
export const COREMARK: { readonly riscv64?: string; readonly i386?: string } = {
  ...named("riscv64", "CLOISTER_BENCH_COREMARK"),
  ...named("i386", "CLOISTER_BENCH_COREMARK_I386"),
};

function named(architecture: string, variable: string): Readonly<Record<string, string>> {
  const path = env[variable];
  return path === undefined || path === "" ? {} : { [architecture]: path };
}

function readParts(text: string): readonly Part[] {
  return text.split(",").map((word) => {
    const part = PARTS.find((known) => known === word);
    if (part === undefined) throw new Error(`BENCH_VM_PARTS: expected any of ${PARTS.join(",")}, got ${word}.`);
    return part;
  });
}
