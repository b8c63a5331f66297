import { CloisterError } from "@cloister/core";
import { disassembleProgram } from "@cloister/vm";
import type { VmDisassembleOptions } from "../../definitions/vm.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { readImage } from "./read-image.ts";
import { withVmErrors } from "./with-vm-errors.ts";

/** `cloister vm disasm`. */
export const disassemble: CommandHandler<VmDisassembleOptions> = ({ args: [path = ""], options }, terminal) =>
  withVmErrors(async () => {
    const address = parseAddress(options.address ?? "0");
    for (const line of disassembleProgram(readImage("program", path, terminal.cwd), address)) {
      if (terminal.closed.aborted) break;
      terminal.print(line);
    }
    return 0;
  });

function parseAddress(text: string): number {
  const address = /^(0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(address)) return address;
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected an address below 2^53, such as 0x80000000; got "${text}".`,
  });
}
