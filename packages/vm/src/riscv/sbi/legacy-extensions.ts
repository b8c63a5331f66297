import { argumentLow, type SbiContext, type SbiResult } from "./call.ts";
import { endMachine, setTimer } from "./standard-extensions.ts";

/**
 * Chapter 5: what guests before SBI 0.2 call. Each is an extension of its own, by the number in a7; the result comes back in a0 alone.
 */
export const LEGACY: ReadonlyMap<number, (context: SbiContext) => SbiResult> = new Map([
  [0, setTimer],
  [1, putCharacter],
  [2, getCharacter],
  [8, (context: SbiContext): SbiResult => endMachine(context, "shutdown", false)],
]);

function putCharacter({ state, services }: SbiContext): SbiResult {
  services.write(Uint8Array.of(argumentLow(state, 0) & 0xff));
  return { value: 0 };
}

/** −1 where nothing has come. */
function getCharacter({ services }: SbiContext): SbiResult {
  const byte = new Uint8Array(1);
  return { value: services.read(byte) === 1 ? (byte[0] ?? 0) : -1 };
}
