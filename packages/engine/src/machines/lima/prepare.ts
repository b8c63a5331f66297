/** The user that agents and gates run as: without any right to become root, or the packet filter would be no boundary. */
export const LIMA_USER = "agent";

/**
 * Run as root after each start: makes the user, and lets nothing but root and answers out of the machine. Lima logs in by network, so that
 * there must be one. What a resolver on loopback would ask for the user is refused as well, since that resolver is not root. DHCP keeps the address.
 */
export const PREPARE_SCRIPT: string = `set -e
id ${LIMA_USER} >/dev/null 2>&1 || useradd --create-home --shell /bin/sh ${LIMA_USER}
command -v nft >/dev/null || { echo "the machine has no nft: choose a template with nftables" >&2; exit 1; }
nft -f - <<RULES
table inet cloister
delete table inet cloister
table inet cloister {
  chain output {
    type filter hook output priority 0; policy drop;
    oifname "lo" accept
    ct state established,related accept
    meta skuid 0 accept
    udp dport { 67, 547 } accept
    reject
  }
}
RULES`;
