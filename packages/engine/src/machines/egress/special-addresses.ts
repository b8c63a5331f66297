import { BlockList, isIP, isIPv4 } from "node:net";

/** IPv4 addresses that are not of the public Internet, by the IANA registry of special-purpose addresses (RFC 6890). */
const SPECIAL_IPV4: readonly [network: string, prefix: number][] = [
  ["0.0.0.0", 8], // unspecified, this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local, metadata services of clouds
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
  ["168.63.129.16", 32], // Azure's platform service: public by its number alone
];

/** Of IPv6 nothing but 2000::/3 is public; these in it are not, or hold an IPv4 address. */
const SPECIAL_IPV6: readonly [network: string, prefix: number][] = [
  ["2001::", 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["3fff::", 20], // documentation
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, "ipv6");
const publicIpv6 = new BlockList();
publicIpv6.addSubnet("2000::", 3, "ipv6");

/** Tells whether an address is anything but one of the public Internet: also where it is no address at all. */
export function isSpecialAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return true;
  if (isIPv4(address)) return special.check(address, "ipv4");
  return !publicIpv6.check(address, "ipv6") || special.check(address, "ipv6");
}
