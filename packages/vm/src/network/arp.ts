import { toView } from "./ethernet.ts";

/** Address Resolution Protocol for IPv4 over Ethernet (RFC 826). */

/** Bytes of a message. */
export const ARP_BYTES = 28;

const ETHERNET_IPV4 = [0, 1, 0x08, 0, 6, 4] as const;

/** What a message asks or says. */
export const ARP_OPERATION = { request: 1, reply: 2 } as const;

/** A message: who speaks, and who is meant. */
export type ArpMessage = {
  readonly operation: number;
  readonly senderHardware: Uint8Array;
  readonly senderAddress: number;
  readonly targetHardware: Uint8Array;
  readonly targetAddress: number;
};

/** Takes a message apart; its views are into it. @returns undefined where it is none of IPv4 over Ethernet */
export function parseArp(bytes: Uint8Array): ArpMessage | undefined {
  if (bytes.length < ARP_BYTES || ETHERNET_IPV4.some((byte, index) => bytes[index] !== byte)) {
    return undefined;
  }
  const view = toView(bytes);
  return {
    operation: view.getUint16(6),
    senderHardware: bytes.subarray(8, 14),
    senderAddress: view.getUint32(14),
    targetHardware: bytes.subarray(18, 24),
    targetAddress: view.getUint32(24),
  };
}

/** Writes a message. @param bytes 28 of them */
export function writeArp(bytes: Uint8Array, message: ArpMessage): void {
  const view = toView(bytes);
  bytes.set(ETHERNET_IPV4, 0);
  view.setUint16(6, message.operation);
  bytes.set(message.senderHardware, 8);
  view.setUint32(14, message.senderAddress);
  bytes.set(message.targetHardware, 18);
  view.setUint32(24, message.targetAddress);
}
