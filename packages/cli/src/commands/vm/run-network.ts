import { connect } from "node:net";
import { duplexPair } from "node:stream";
import type { EgressRule } from "@cloister/core";
import { createEgress } from "@cloister/engine/machines";
import { HOST_ADDRESS, type Outbound } from "@cloister/vm";
import { createSocksOutbound } from "@cloister/vm/node";
import type { Terminal } from "../../terminal/terminal.ts";

const LOOPBACK = "127.0.0.1";
/** Refusals that are told: a guest could fill the terminal with them. */
const TOLD_MAX = 20;

/**
 * Makes the way out of a guest's network: the egress proxy of machines, in this process, by these rules. What it refuses is told.
 * @param rules a rule for the gateway's address means this host's loopback
 */
export function openEgress(
  rules: readonly EgressRule[],
  terminal: Pick<Terminal, "note">,
): AsyncDisposable & { readonly outbound: Outbound } {
  const told = new Set<string>();
  const egress = createEgress({
    rules,
    secrets: [],
    dial: (address, port) =>
      connect({ host: address === HOST_ADDRESS ? LOOPBACK : address, port, allowHalfOpen: true }),
    onDecision({ allowed, host, port, detail = "" }) {
      const note = `the guest was kept from ${host} port ${port}: ${detail}`;
      if (allowed || told.has(note) || told.size >= TOLD_MAX) return;
      told.add(note);
      terminal.note(note);
    },
  });
  const outbound = createSocksOutbound(() => {
    const [guest, proxy] = duplexPair();
    // What the proxy breaks off looks like an orderly end from the other side of the pair.
    proxy.once("close", () => guest.destroy());
    egress.accept(proxy);
    return guest;
  });
  return { outbound, [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose]() };
}
