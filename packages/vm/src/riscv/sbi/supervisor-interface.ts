import { argumentLow, SBI_ERROR, type SbiContext, type SbiExtension, type SbiResult } from "./call.ts";
import { LEGACY } from "./legacy-extensions.ts";
import { DBCN, HSM, IPI, RFENCE, SRST, TIME } from "./standard-extensions.ts";

const A0 = 10;
const A1 = 11;
/** Arguments that hold the function and the extension: a6 and a7. */
const FUNCTION = 6;
const EXTENSION = 7;
/** Version 2.0: the major number is in bits 24 to 30. */
const VERSION = 0x0200_0000;
/** Identifier of this implementation; none of those that are registered. */
const IMPLEMENTATION = 0x636c;
const IMPLEMENTATION_VERSION = 1;

/** Chapter 4. The identifiers of vendor, architecture and implementation are those of the hart: all 0. */
const BASE: SbiExtension = {
  id: 0x10,
  functions: [
    () => ({ value: VERSION }),
    () => ({ value: IMPLEMENTATION }),
    () => ({ value: IMPLEMENTATION_VERSION }),
    ({ state }) => ({ value: isServed(argumentLow(state, 0)) ? 1 : 0 }),
    () => ({ value: 0 }),
    () => ({ value: 0 }),
    () => ({ value: 0 }),
  ],
};

const EXTENSIONS: ReadonlyMap<number, SbiExtension> = new Map(
  [BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN].map((extension) => [extension.id, extension]),
);

function isServed(id: number): boolean {
  return EXTENSIONS.has(id) || LEGACY.has(id);
}

/**
 * Makes the Supervisor Binary Interface, version 2.0, that a firmware would give.
 * @returns serves one call: takes a0 to a7, and leaves error and value in a0 and a1
 */
export function createSupervisorInterface(context: SbiContext): () => void {
  const { state } = context;
  return () => {
    const extension = argumentLow(state, EXTENSION);
    const legacy = LEGACY.get(extension);
    if (legacy !== undefined) return giveRegister(context, A0, legacy(context));
    const call = EXTENSIONS.get(extension)?.functions[argumentLow(state, FUNCTION)];
    const result: SbiResult = call?.(context) ?? { error: SBI_ERROR.notSupported };
    state.setRegister(A0, "error" in result ? result.error : 0, "error" in result ? -1 : 0);
    if ("value" in result) giveRegister(context, A1, result);
  };
}

function giveRegister({ state }: SbiContext, register: number, result: SbiResult): void {
  const value = "error" in result ? result.error : result.value;
  state.setRegister(register, value, value < 0 ? -1 : 0);
}
