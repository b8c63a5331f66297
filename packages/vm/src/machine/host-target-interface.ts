import type { PowerRequest } from "../devices/syscon/syscon.ts";
import type { MachineParts } from "./parts.ts";

/** Device and command, the upper 16 bits of what is written to `tohost`. */
const PRINT = 0x0101;
const EXIT = 0;

/**
 * The host-target interface of Berkeley's RISC-V tools, as far as test programs use it: a program writes to its variable `tohost` to end
 * (1: it passed; otherwise its failure's number times two, plus one), or to print a character.
 * It is memory and no device: to be looked at between slices.
 * @see the riscv-isa-sim repository, fesvr/htif.cc and fesvr/device.cc
 */
export class HostTargetInterface {
  readonly #parts: Pick<MachineParts, "physical" | "console">;
  readonly #address: number;
  readonly #end: (request: PowerRequest) => void;

  /** @param address of `tohost` */
  constructor(
    parts: Pick<MachineParts, "physical" | "console">,
    address: number,
    end: (request: PowerRequest) => void,
  ) {
    this.#parts = parts;
    this.#address = address;
    this.#end = end;
  }

  /** Does what the program asks for, if it does. */
  look(): void {
    const { physical, console } = this.#parts;
    const bytes = physical.readable(this.#address, 8);
    if (bytes === undefined || bytes.every((byte) => byte === 0)) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const [low, high] = [view.getUint32(0, true), view.getUint32(4, true)];
    const command = high >>> 16;
    if (command === EXIT && (low & 1) === 1) return this.#end(toEnd((low >>> 1) + (high & 0xffff) * 2 ** 31));
    if (command === PRINT) console.print(Uint8Array.of(low & 0xff));
    physical.writable(this.#address, 8)?.fill(0);
  }
}

function toEnd(code: number): PowerRequest {
  return code === 0 ? { kind: "power_off" } : { kind: "fail", code };
}
