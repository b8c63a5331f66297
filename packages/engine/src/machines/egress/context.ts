import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import type { EgressTarget } from "@cloister/core";
import type { Authority } from "./authority.ts";
import type { Deadline } from "./deadline.ts";
import type { Router } from "./open-route.ts";
import type { EgressDoor, EgressLimits } from "./port.ts";
import type { Recorder } from "./record-decision.ts";
import type { Secrets } from "./secrets.ts";

/** What all doors of one machine's egress share. */
export type EgressContext = {
  readonly router: Router;
  readonly recorder: Recorder;
  readonly secrets: Secrets;
  readonly limits: EgressLimits;
  readonly authority: Authority | undefined;
  /** What connections to the outside are verified with. */
  readonly outsideTrust: () => SecureContext;
};

/** One connection of the machine. */
export type Client = { readonly stream: Duplex; readonly deadline: Deadline };

/** A connection to a target that was decided on, and by which door it was asked for. */
export type Passage = { readonly door: EgressDoor; readonly target: EgressTarget; readonly upstream: Socket };
