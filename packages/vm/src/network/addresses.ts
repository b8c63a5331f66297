import { describeAddress, type Ipv4Header } from "./ipv4.ts";

/** The network 10.0.2.0/24, as guests know it from other emulators. Addresses are unsigned 32 bits. */
export const USER_NETWORK = {
  gateway: 0x0a000202,
  nameServer: 0x0a000203,
  guest: 0x0a00020f,
  broadcast: 0x0a0002ff,
  subnetMask: 0xffffff00,
} as const;

/** Where guests find the host: the gateway, dotted. */
export const HOST_ADDRESS: string = describeAddress(USER_NETWORK.gateway);

/** The gateway's hardware address, of the locally administered ones. */
export const GATEWAY_HARDWARE: Uint8Array = new Uint8Array([0x52, 0x55, 0x0a, 0x00, 0x02, 0x02]);

/** True where an address is one of the network's own servers. */
export function isServer(address: number): boolean {
  return address === USER_NETWORK.gateway || address === USER_NETWORK.nameServer;
}

/** The way back of a packet. */
export function toReply(packet: Ipv4Header): Ipv4Header {
  return { source: packet.destination, destination: packet.source, protocol: packet.protocol };
}
