import type { AccessSize, BusDevice, DeviceState } from "../../bus/port.ts";

/** Bytes of the window. */
export const SYSCON_WINDOW_BYTES = 0x1000;

/** What software writes to power the machine off: the value of `syscon-poweroff` in the device tree. */
export const SYSCON_POWER_OFF = 0x5555;

/** What software writes to start the machine anew: the value of `syscon-reboot` in the device tree. */
export const SYSCON_RESET = 0x7777;

const SYSCON_FAIL = 0x3333;

/** What the guest wants of its power. */
export type PowerRequest =
  | { readonly kind: "power_off" }
  | { readonly kind: "reset" }
  /** It failed. `code`: 0 to 65535, by its own account. */
  | { readonly kind: "fail"; readonly code: number };

/** What it is made with. */
export type SysconOptions = {
  readonly name: string;
  /** Called in the middle of the guest's write: to be remembered, and acted upon between two instructions. */
  readonly request: (request: PowerRequest) => void;
};

/**
 * Makes the SiFive test finisher of QEMU's `virt` board: one register; what is written to its lower 16 bits ends the run.
 * It remembers nothing.
 * @see Linux, Documentation/devicetree/bindings/power/reset/syscon-poweroff.yaml and syscon-reboot.yaml
 */
export function createSyscon({ name, request }: SysconOptions): BusDevice {
  return {
    name,
    read: () => 0,
    write(offset: number, size: AccessSize, value: number): void {
      if (offset !== 0 || size === 1) return;
      const command = value & 0xffff;
      if (command === SYSCON_POWER_OFF) request({ kind: "power_off" });
      else if (command === SYSCON_RESET) request({ kind: "reset" });
      else if (command === SYSCON_FAIL) request({ kind: "fail", code: value >>> 16 });
    },
    reset: () => {},
    save: (): DeviceState => ({}),
    restore: () => {},
  };
}
