/**
 * The one way out of a machine. Owns: what may be reached, and by whom it is asked. CONNECT, plain HTTP and SOCKS go through one
 * decision function; names are resolved here, never in the machine.
 *
 * Invariants:
 * E1. What is not allowed by host and port is refused; nothing is allowed unless somebody said so.
 * E2. Loopback, private, link-local and other special addresses are refused after resolution, and the address that was checked is the
 *     one that is connected to. A rule that names such an address itself allows it.
 * E3. Two readers of one request can't disagree: what is not in canonical form is refused, not mended.
 * E4. A secret's value is in this process alone: it goes to the host, port and header that it is bound to, and is taken out of answers.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { EgressRule, SecretRule } from "@cloister/core";

/** How a request came. */
export type EgressDoor = "connect" | "http" | "socks4" | "socks5";

/** Why something was refused. */
export type EgressRefusal =
  | "malformed"
  | "not_allowed"
  | "special_address"
  | "unresolved"
  | "unreachable"
  | "wrong_secret_host"
  | "mismatch"
  | "busy";

/** What was decided, for the journal. Host and detail are bounded and hold no control characters. */
export type EgressDecision = {
  /** ms since the epoch. */
  readonly time: number;
  readonly door: EgressDoor;
  readonly host: string;
  readonly port: number;
  readonly allowed: boolean;
  readonly refusal?: EgressRefusal;
  readonly detail?: string;
  /** Variables of the secrets that were put in. */
  readonly secrets?: readonly string[];
};

/** Bounds on what a machine can make the proxy hold, and for how long. */
export type EgressLimits = {
  /** Connections of the machine at one time. */
  readonly connections: number;
  /** For a request's head, or what a SOCKS client says; ms. */
  readonly headMs: number;
  /** For resolving a name, and for each address that is tried; ms. */
  readonly connectMs: number;
  /** Silence on a connection to the outside; ms. */
  readonly idleMs: number;
  /** A connection of the machine from its beginning to its end; ms. */
  readonly wholeMs: number;
};

/** What a machine's egress is made of. */
export type EgressOptions = {
  readonly rules: readonly EgressRule[];
  readonly secrets: readonly (SecretRule & {
    /** The real one. */
    readonly value: string;
  })[];
  /** PEM certificates that outgoing TLS of this host needs besides Node's own: the host's bundle, where it re-signs TLS. */
  readonly trust?: string;
  /** Absolute path at which the machine has {@link Egress.trustBundle}. Without it no variable names the bundle. */
  readonly trustBundlePath?: string;
  /**
   * 32 secret bytes of the machine. Processes that serve one machine side by side need the same: placeholders and the authority's key
   * are derived from it. Default: random.
   */
  readonly seed?: Uint8Array;
  readonly limits?: Partial<EgressLimits>;
  readonly onDecision: (decision: EgressDecision) => void;
  /** Resolves a name to addresses. Default: the host's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Opens a TCP connection to an address that was checked, half-open ends allowed. Default: from this host, directly. */
  readonly dial?: (address: string, port: number) => Socket;
  /** ms since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
};

/** The egress proxy of one machine. HTTP and SOCKS are told apart by their first byte: one port serves both. */
export interface Egress extends AsyncDisposable {
  /** Serves one connection that came out of the machine. */
  accept(stream: Duplex): void;
  /** Variables that send a machine's programs here, with the placeholders of secrets. @param port where the machine listens for them */
  environment(port: number): Readonly<Record<string, string>>;
  /** PEM: what the machine must trust. The host's bundle, and where there are secrets, the authority of this machine alone. */
  readonly trustBundle: string | undefined;
}
