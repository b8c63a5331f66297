import type { BusDevice, Clock, DeviceContext } from "../bus/port.ts";
import { createVirtioBalloon, type VirtioBalloon } from "../devices/virtio/balloon/balloon.ts";
import { createVirtioBlock } from "../devices/virtio/block/block.ts";
import { createVirtioConsole, type VirtioConsole } from "../devices/virtio/console/console.ts";
import { createVirtioMmio } from "../devices/virtio/mmio.ts";
import type { VirtioDevice } from "../devices/virtio/port.ts";
import { createVirtioRng } from "../devices/virtio/rng/rng.ts";
import { createVirtio9p } from "../devices/virtio-9p/virtio-9p.ts";
import { createVirtioNet } from "../devices/virtio-net/virtio-net.ts";
import { createVirtioVsock, type VirtioVsock } from "../devices/virtio-vsock/virtio-vsock.ts";
import { UserNetwork } from "../network/user-network.ts";
import type { MachineOptions, NetworkOptions } from "./options.ts";

/** The devices that a host has business with. */
export type MachineDevices = {
  readonly console?: VirtioConsole;
  readonly balloon?: VirtioBalloon;
  readonly vsock?: VirtioVsock;
  /** The network behind the card, where the machine has one with an `outbound`. */
  readonly network?: UserNetwork;
};

/** Devices by slot, and those of them that the host talks to. */
export type VirtioDevices = { readonly slots: readonly VirtioDevice[]; readonly devices: MachineDevices };

/** A card of one machine on a network of its own: locally administered. */
const USUAL_MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/**
 * Makes the virtio devices that a machine asks for: disks first, as guests name them in the order of their slots.
 * @param clock the machine's, by which its network sends again what got lost
 * @throws VmError `option_invalid`
 */
export function createVirtioDevices(options: MachineOptions, clock: Clock): VirtioDevices {
  const { drives = [], shares = [], network, rng = true, host } = options;
  const devices = createDevices(options, clock);
  return {
    devices,
    slots: [
      ...drives.map((drive) => createVirtioBlock(drive)),
      ...present(network === undefined ? undefined : createCard(network, devices)),
      ...present(devices.console),
      ...(rng ? [createVirtioRng((into) => host.random(into))] : []),
      ...present(devices.balloon),
      ...shares.map((share) => createVirtio9p(share)),
      ...present(devices.vsock),
    ],
  };
}

function present(device: VirtioDevice | undefined): readonly VirtioDevice[] {
  return device === undefined ? [] : [device];
}

function createCard(network: NetworkOptions, devices: MachineDevices): VirtioDevice | undefined {
  const link = "link" in network ? network.link : devices.network;
  return link === undefined ? undefined : createVirtioNet({ mac: network.mac ?? USUAL_MAC, link });
}

function createDevices({ consolePorts, network, balloon, vsockContext }: MachineOptions, clock: Clock): MachineDevices {
  return {
    ...(consolePorts === undefined ? {} : { console: createVirtioConsole({ ports: consolePorts }) }),
    // What the guest lends it may not use; that the host could give the pages back is left to a browser or Node.
    ...(balloon === true ? { balloon: createVirtioBalloon({ onInflate: () => undefined }) } : {}),
    ...(vsockContext === undefined ? {} : { vsock: createVirtioVsock(vsockContext) }),
    ...(network !== undefined && "outbound" in network
      ? { network: new UserNetwork({ clock, outbound: network.outbound }) }
      : {}),
  };
}

/** Puts devices on the bus, each behind a transport. */
export function toBusDevices(slots: readonly VirtioDevice[]): ((context: DeviceContext) => BusDevice)[] {
  return slots.map((device) => (context) => createVirtioMmio(context, device));
}
