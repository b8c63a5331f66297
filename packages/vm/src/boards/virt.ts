import type { BusDevice, Clock, DeviceContext, InterruptLine, PhysicalMemory } from "../bus/port.ts";
import { createSystemBus, type SystemBus } from "../bus/system-bus.ts";
import { createAclint, type Aclint } from "../devices/aclint/aclint.ts";
import { createPlic, type Plic } from "../devices/plic/plic.ts";
import { createGoldfishRtc } from "../devices/rtc/goldfish-rtc.ts";
import { createSyscon, type PowerRequest } from "../devices/syscon/syscon.ts";
import { createEmptySlot } from "../devices/virtio/mmio.ts";
import { createUart, type Uart } from "../devices/uart/uart.ts";
import { VmError } from "../error.ts";
import { type BootEntry, type BootImages, loadBoot } from "./load-boot.ts";
import { createVirtTree } from "./virt-device-tree.ts";
import { VIRT_INTERRUPTS, VIRT_MAP, VIRTIO_SLOTS, virtioWindow } from "./virt-map.ts";

/** The wires of a hart that the board drives: bits of `mip`. */
export type HartLines = {
  /** MEIP. */
  readonly machineExternal: InterruptLine;
  /** SEIP. */
  readonly supervisorExternal: InterruptLine;
  /** MTIP. */
  readonly machineTimer: InterruptLine;
  /** MSIP. */
  readonly machineSoftware: InterruptLine;
};

/** What a board is made with. */
export type VirtBoardOptions = {
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
  readonly hart: HartLines;
  /** The host's time of day, in ns since 1970-01-01 UTC. */
  readonly wallClock: () => number;
  /** The host's end of the serial port. */
  readonly serial: {
    /** Takes what the guest sent. */
    readonly transmit: (bytes: Uint8Array) => void;
    /** There is room again for `uart.receive`. */
    readonly drained?: () => void;
  };
  /** The guest asks for power-off or reset, in the middle of an instruction. */
  readonly power: (request: PowerRequest) => void;
  /** Makes the virtio-mmio devices, by slot; at most 8. The slots behind them are empty. */
  readonly virtio?: readonly ((context: DeviceContext) => BusDevice)[];
};

/** A board: devices on a bus, and the way to start a guest on it. Reset, save and restore of all devices are the bus's. */
export type VirtBoard = {
  readonly bus: SystemBus;
  readonly uart: Uart;
  readonly aclint: Aclint;
  readonly plic: Plic;
  /**
   * Puts a guest into memory.
   * @throws VmError `image_invalid` or `option_invalid`
   */
  loadBoot(images: BootImages): BootEntry;
};

/**
 * Makes a board with QEMU's `virt` memory map: one hart, PLIC, ACLINT, 16550, Goldfish RTC, power control, virtio-mmio.
 * @throws VmError `option_invalid` for more virtio devices than slots
 */
export function createVirtBoard(options: VirtBoardOptions): VirtBoard {
  const { memory, clock, hart, wallClock, serial, power } = options;
  const plic = createPlic({ name: "plic", contexts: [hart.machineExternal, hart.supervisorExternal] });
  const aclint = createAclint({
    name: "aclint",
    clock,
    timer: hart.machineTimer,
    software: hart.machineSoftware,
  });
  const uart = createUart({ name: "uart0", interrupt: plic.line(VIRT_INTERRUPTS.uart), clock, ...serial });
  const rtc = createGoldfishRtc({ name: "rtc", interrupt: plic.line(VIRT_INTERRUPTS.rtc), clock, wallClock });
  const syscon = createSyscon({ name: "syscon", request: power });
  const slots = createVirtioSlots(options, plic);
  const bus = createSystemBus({
    devices: [
      { device: plic, ...VIRT_MAP.plic },
      { device: aclint, ...VIRT_MAP.aclint },
      { device: uart, ...VIRT_MAP.uart },
      { device: rtc, ...VIRT_MAP.rtc },
      { device: syscon, ...VIRT_MAP.syscon },
      ...slots.map((device, slot) => ({ device, ...virtioWindow(slot) })),
    ],
  });
  const virtioSlots = [...(options.virtio ?? []).keys()];
  return {
    bus,
    uart,
    aclint,
    plic,
    loadBoot: (images) => loadBoot(images, memory, (chosen) => createVirtTree({ memory, virtioSlots, chosen })),
  };
}

function createVirtioSlots({ virtio = [], memory, clock }: VirtBoardOptions, plic: Plic): readonly BusDevice[] {
  if (virtio.length > VIRTIO_SLOTS)
    throw new VmError("option_invalid", `${virtio.length} virtio devices: the board has ${VIRTIO_SLOTS} slots`);
  return Array.from({ length: VIRTIO_SLOTS }, (_, slot) => {
    const name = `virtio${slot}`;
    const interrupt = plic.line(VIRT_INTERRUPTS.virtio + slot);
    return virtio[slot]?.({ name, interrupt, memory, clock }) ?? createEmptySlot(name);
  });
}
