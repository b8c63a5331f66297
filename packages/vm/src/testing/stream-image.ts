import { RAM_BASE } from "../memory/layout.ts";
import { FIRST_PROGRAM, PROGRAM_BYTES, PROGRAM_TABLE } from "./stream-layout.ts";
import { assembleRunner, type RunnerOptions } from "./stream-runner.ts";
import type { StreamOptions } from "./stream-context.ts";
import { generateProgram } from "./stream-program.ts";

/** One image for all: the runner, its table, a program for each. */
export function createStreamImage(programs: readonly StreamOptions[], options: RunnerOptions): Uint8Array {
  const image = new Uint8Array(FIRST_PROGRAM - RAM_BASE + programs.length * PROGRAM_BYTES);
  image.set(assembleRunner(options));
  const table = new DataView(image.buffer, PROGRAM_TABLE - RAM_BASE);
  table.setUint32(0, programs.length, true);
  programs.forEach((program, index) => {
    const base = FIRST_PROGRAM + index * PROGRAM_BYTES;
    table.setUint32(8 + index * 8, base, true);
    image.set(generateProgram(base, program), base - RAM_BASE);
  });
  return image;
}
