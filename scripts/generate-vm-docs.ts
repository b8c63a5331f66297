/** Writes docs/vm-riscv.md from the description of the instruction set. A test says when it is out of date. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentInstructions } from "../packages/vm/src/riscv/isa/document.ts";

writeFileSync(join(import.meta.dirname, "..", "docs", "vm-riscv.md"), documentInstructions());
