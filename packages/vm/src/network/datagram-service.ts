import { isServer, toReply, USER_NETWORK } from "./addresses.ts";
import { answerQuery, DNS_PORT, parseQuery } from "./dns.ts";
import type { GuestLink } from "./guest-link.ts";
import { createUnreachable, UNREACHABLE } from "./icmp.ts";
import { describeAddress, PROTOCOL, type Ipv4Packet } from "./ipv4.ts";
import type { Outbound } from "./port.ts";
import { createDatagram, parseDatagram, UDP_PAYLOAD_BYTES_MAX, type UdpDatagram } from "./udp.ts";

/** Questions and datagrams under way together; beyond, new ones are dropped, as networks do. */
const EXCHANGES_MAX = 64;

/** Asks the world; undefined where there is nothing to say back. */
type Exchange = () => Promise<Uint8Array | undefined>;

/** The guest's datagrams: questions for the name server, and what the world may answer. */
export class DatagramService {
  readonly #outbound: Outbound;
  readonly #guest: GuestLink;
  #exchanges = 0;

  constructor(outbound: Outbound, guest: GuestLink) {
    this.#outbound = outbound;
    this.#guest = guest;
  }

  /** Takes a packet of the guest's. */
  receive(packet: Ipv4Packet): void {
    const datagram = parseDatagram(packet.payload, packet);
    if (datagram === undefined || datagram.sourcePort === 0 || datagram.destinationPort === 0) {
      return;
    }
    const exchange = this.#toExchange(packet, datagram);
    if (exchange === undefined) {
      this.#refuse(packet);
    } else if (this.#exchanges < EXCHANGES_MAX) {
      const { sourcePort, destinationPort } = datagram;
      const header = toReply(packet);
      void this.#run(exchange, (payload) => {
        const reply = { sourcePort: destinationPort, destinationPort: sourcePort, payload };
        this.#guest.sendPayload(header, createDatagram(reply, header));
      });
    }
  }

  /** @returns undefined where the datagram leads nowhere */
  #toExchange(packet: Ipv4Packet, datagram: UdpDatagram): Exchange | undefined {
    const outbound = this.#outbound;
    if (packet.destination === USER_NETWORK.nameServer) {
      return datagram.destinationPort === DNS_PORT ? toLookUp(outbound, datagram.payload) : undefined;
    }
    if (outbound.exchangeUdp === undefined) {
      return undefined;
    }
    const to = { host: describeAddress(packet.destination), port: datagram.destinationPort };
    const bytes = datagram.payload.slice();
    return async () => await outbound.exchangeUdp?.(to, bytes);
  }

  #refuse(packet: Ipv4Packet): void {
    const code = isServer(packet.destination) ? UNREACHABLE.port : UNREACHABLE.administratively;
    const header = { source: USER_NETWORK.gateway, destination: packet.source, protocol: PROTOCOL.icmp };
    this.#guest.sendPayload(header, createUnreachable(packet.bytes, code));
  }

  async #run(exchange: Exchange, reply: (payload: Uint8Array) => void): Promise<void> {
    this.#exchanges += 1;
    try {
      const payload = await exchange();
      if (payload !== undefined && payload.length <= UDP_PAYLOAD_BYTES_MAX) {
        reply(payload);
      }
    } catch {
      // A datagram that nobody answers: the guest waits, and asks again or gives up.
    } finally {
      this.#exchanges -= 1;
    }
  }
}

function toLookUp(outbound: Outbound, bytes: Uint8Array): Exchange {
  const query = parseQuery(bytes);
  return async () => (query === undefined ? undefined : await answerQuery(query, (name) => outbound.resolve(name)));
}
