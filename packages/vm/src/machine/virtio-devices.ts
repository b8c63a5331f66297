import type { BusDevice, DeviceContext } from "../bus/port.ts";
import { createVirtioBalloon, type VirtioBalloon } from "../devices/virtio/balloon/balloon.ts";
import { createVirtioBlock } from "../devices/virtio/block/block.ts";
import { createVirtioConsole, type VirtioConsole } from "../devices/virtio/console/console.ts";
import { createVirtioMmio } from "../devices/virtio/mmio.ts";
import type { VirtioDevice } from "../devices/virtio/port.ts";
import { createVirtioRng } from "../devices/virtio/rng/rng.ts";
import { createVirtioNet } from "../devices/virtio-net/virtio-net.ts";
import type { MachineOptions } from "./options.ts";

/** The devices that a host has business with. */
export type MachineDevices = { readonly console?: VirtioConsole; readonly balloon?: VirtioBalloon };

/** Devices by slot, and those of them that the host talks to. */
export type VirtioDevices = { readonly slots: readonly VirtioDevice[]; readonly devices: MachineDevices };

/** A card of one machine on a network of its own: locally administered. */
const USUAL_MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/**
 * Makes the virtio devices that a machine asks for: disks first, as guests name them in the order of their slots.
 * @throws VmError `option_invalid`
 */
export function createVirtioDevices(options: MachineOptions): VirtioDevices {
  const { drives = [], network, consolePorts, rng = true, balloon = false, host } = options;
  const devices: MachineDevices = {
    ...(consolePorts === undefined ? {} : { console: createVirtioConsole({ ports: consolePorts }) }),
    // What the guest lends it may not use; that the host could give the pages back is left to a browser or Node.
    ...(balloon ? { balloon: createVirtioBalloon({ onInflate: () => undefined }) } : {}),
  };
  return {
    devices,
    slots: [
      ...drives.map((drive) => createVirtioBlock(drive)),
      ...(network === undefined ? [] : [createVirtioNet({ mac: USUAL_MAC, ...network })]),
      ...(devices.console === undefined ? [] : [devices.console]),
      ...(rng ? [createVirtioRng((into) => host.random(into))] : []),
      ...(devices.balloon === undefined ? [] : [devices.balloon]),
    ],
  };
}

/** Puts devices on the bus, each behind a transport. */
export function toBusDevices(slots: readonly VirtioDevice[]): ((context: DeviceContext) => BusDevice)[] {
  return slots.map((device) => (context) => createVirtioMmio(context, device));
}
