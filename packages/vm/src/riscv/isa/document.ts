import { COMPRESSED } from "./compressed.ts";
import { FORMATS } from "./format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "./instructions.ts";

/** An encoding as 32 or 16 characters: fixed bits, and a dot for each that is an operand's. */
function pattern(mask: number, match: number, length: 16 | 32): string {
  return Array.from({ length }, (_, index) => {
    const bit = length - 1 - index;
    return ((mask >>> bit) & 1) === 0 ? "." : String((match >>> bit) & 1);
  }).join("");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const code = (text: string): string => (text === "" ? "" : `\`${text}\``);

function wordRows(): readonly (readonly string[])[] {
  return INSTRUCTIONS.filter((_, index) => index !== ILLEGAL_INDEX).map(
    ({ name, extension, format, mask, match, flow }) => [
      code(name),
      extension,
      format,
      code(FORMATS[format].syntax),
      code(pattern(mask, match, 32)),
      flow,
    ],
  );
}

function compressedRows(): readonly (readonly string[])[] {
  return COMPRESSED.map(({ name, expansion, syntax, mask, match }) => [
    code(name),
    code(expansion),
    code(syntax),
    code(pattern(mask, match, 16)),
  ]);
}

const INTRODUCTION = `# Instructions of the RISC-V machine

Made from the tables in \`packages/vm/src/riscv/isa\` by \`scripts/generate-vm-docs.ts\`; do not edit it by hand. What stands here is
what decoder, interpreter, compiler and disassembler know. In an encoding, bit 31 (or 15) comes first, and a dot is a bit of an
operand. Where two rows fit, the first counts: an instruction stands twice where an operand of x0 or 0 changes what it does.`;

/** The Markdown of `docs/vm-riscv.md`: all instructions, with extension, format, operands, encoding, and how each ends. */
export function documentInstructions(): string {
  return [
    INTRODUCTION,
    "## 32-bit instructions",
    table(["Name", "Extension", "Format", "Operands", "Encoding", "Flow"], wordRows()),
    "## Compressed instructions",
    table(["Name", "Stands for", "Operands", "Encoding"], compressedRows()),
    "",
  ].join("\n\n");
}
