import type { Clock, FrameLink } from "../bus/port.ts";
import { GATEWAY_HARDWARE, isServer, toReply, USER_NETWORK } from "./addresses.ts";
import { DatagramService } from "./datagram-service.ts";
import { answerDhcp, DHCP_PORT } from "./dhcp.ts";
import {
  BROADCAST_HARDWARE,
  ETHER_TYPE,
  isSameBytes,
  isUnicastHardware,
  parseFrame,
  type EthernetFrame,
} from "./ethernet.ts";
import { GuestLink } from "./guest-link.ts";
import { answerEcho } from "./icmp.ts";
import { BROADCAST_ADDRESS, parsePacket, PROTOCOL, type Ipv4Packet } from "./ipv4.ts";
import type { ByteStream, Outbound } from "./port.ts";
import { TcpTransport } from "./tcp/transport.ts";
import { createDatagram, parseDatagram } from "./udp.ts";

const CONNECTIONS_MAX = 256;

/** What a network is made with. */
export type UserNetworkOptions = {
  readonly clock: Clock;
  readonly outbound: Outbound;
  /** Most TCP connections at once; 256 where it is not said. Each may hold half a MiB here, and what its stream buffers. */
  readonly connectionsMax?: number;
};

/**
 * A network for one guest without any privilege: an Ethernet cable whose other end speaks ARP, DHCP, DNS, ICMP, UDP and TCP, and passes
 * on what the guest says in it as streams and datagrams of `Outbound`. It has no state to save: connections end with the machine that
 * had them, and a guest that is restored elsewhere sees them reset.
 */
export class UserNetwork implements FrameLink {
  receive: (frame: Uint8Array) => void = () => undefined;
  readonly #guest: GuestLink = new GuestLink((frame) => this.receive(frame));
  readonly #datagrams: DatagramService;
  readonly #transport: TcpTransport;

  constructor({ clock, outbound, connectionsMax = CONNECTIONS_MAX }: UserNetworkOptions) {
    this.#datagrams = new DatagramService(outbound, this.#guest);
    this.#transport = new TcpTransport({
      clock,
      outbound,
      connectionsMax,
      gateway: USER_NETWORK.gateway,
      guest: USER_NETWORK.guest,
      sendPacket: (header, length, write) => this.#guest.send(header, length, write),
    });
  }

  send(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (frame === undefined || !isForGateway(frame) || !isUnicastHardware(frame.source)) {
      return;
    }
    if (frame.type === ETHER_TYPE.arp) {
      this.#guest.receiveArp(frame);
      return;
    }
    const packet = frame.type === ETHER_TYPE.ipv4 ? parsePacket(frame.payload) : undefined;
    if (packet !== undefined && !this.#receiveDhcp(packet, frame) && isFromGuest(packet)) {
      this.#guest.learn(frame.source);
      this.#receivePacket(packet);
    }
  }

  /**
   * Connects to a TCP port of the guest, from the gateway's address.
   * @param port 1 to 65535
   * @returns undefined where the guest refuses or never answers
   */
  async connectGuest(port: number): Promise<ByteStream | undefined> {
    return await this.#transport.connectGuest(port);
  }

  /** Forgets the guest and all that it had open: to be called where the machine restarts, or is restored. */
  reset(): void {
    this.#transport.reset();
    this.#guest.reset();
  }

  #receivePacket(packet: Ipv4Packet): void {
    if (packet.protocol === PROTOCOL.tcp) {
      this.#transport.receive(packet);
    } else if (packet.protocol === PROTOCOL.udp) {
      this.#datagrams.receive(packet);
    } else if (packet.protocol === PROTOCOL.icmp && isServer(packet.destination)) {
      const reply = answerEcho(packet.payload);
      if (reply !== undefined) {
        this.#guest.sendPayload(toReply(packet), reply);
      }
    }
  }

  /** Comes before all else, because the guest has no address yet. @returns true where it was for the DHCP server */
  #receiveDhcp(packet: Ipv4Packet, frame: EthernetFrame): boolean {
    const datagram = packet.protocol === PROTOCOL.udp ? parseDatagram(packet.payload, packet) : undefined;
    if (datagram?.destinationPort !== DHCP_PORT.server) {
      return false;
    }
    const { guest, ...servers } = USER_NETWORK;
    const payload = answerDhcp(datagram.payload, { address: guest, ...servers });
    if (payload !== undefined) {
      const header = { source: USER_NETWORK.gateway, destination: BROADCAST_ADDRESS, protocol: PROTOCOL.udp };
      const reply = { sourcePort: DHCP_PORT.server, destinationPort: DHCP_PORT.client, payload };
      this.#guest.sendTo(frame.source.slice(), header, createDatagram(reply, header));
    }
    return true;
  }
}

function isForGateway({ destination }: EthernetFrame): boolean {
  return isSameBytes(destination, GATEWAY_HARDWARE) || isSameBytes(destination, BROADCAST_HARDWARE);
}

/** True where the guest speaks by its own address, to one other: broadcasts and multicasts find nobody here. */
function isFromGuest({ source, destination }: Ipv4Packet): boolean {
  const isBroadcast = destination === BROADCAST_ADDRESS || destination === USER_NETWORK.broadcast;
  const isMulticast = destination >>> 28 === 0xe;
  return source === USER_NETWORK.guest && !isBroadcast && !isMulticast;
}
