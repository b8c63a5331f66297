import { ACLINT_WINDOW_BYTES } from "../devices/aclint/aclint.ts";
import { PLIC_WINDOW_BYTES } from "../devices/plic/plic.ts";
import { RTC_WINDOW_BYTES } from "../devices/rtc/goldfish-rtc.ts";
import { SYSCON_WINDOW_BYTES } from "../devices/syscon/syscon.ts";
import { UART_WINDOW_BYTES } from "../devices/uart/uart.ts";

/** Where a device's registers are. */
export type DeviceWindow = { readonly base: number; readonly sizeBytes: number };

/** Physical addresses and sizes of the board's devices, in bytes: those of QEMU's `virt` board. */
export const VIRT_MAP: Readonly<Record<"syscon" | "rtc" | "aclint" | "plic" | "uart" | "virtio", DeviceWindow>> = {
  syscon: { base: 0x10_0000, sizeBytes: SYSCON_WINDOW_BYTES },
  rtc: { base: 0x10_1000, sizeBytes: RTC_WINDOW_BYTES },
  aclint: { base: 0x200_0000, sizeBytes: ACLINT_WINDOW_BYTES },
  plic: { base: 0xc00_0000, sizeBytes: PLIC_WINDOW_BYTES },
  uart: { base: 0x1000_0000, sizeBytes: UART_WINDOW_BYTES },
  /** Of slot 0; the next ones follow, each `sizeBytes` further. */
  virtio: { base: 0x1000_1000, sizeBytes: 0x1000 },
};

/** Where the registers of a virtio slot are. @param slot 0 to VIRTIO_SLOTS - 1 */
export function virtioWindow(slot: number): DeviceWindow {
  const { base, sizeBytes } = VIRT_MAP.virtio;
  return { base: base + slot * sizeBytes, sizeBytes };
}

/** Slots for virtio devices. */
export const VIRTIO_SLOTS = 8;

/** The interrupt controller's sources. */
export const VIRT_INTERRUPTS = {
  /** Of slot 0; the next slots have the next numbers. */
  virtio: 1,
  uart: 10,
  rtc: 11,
} as const;
