import type { EgressTarget } from "@cloister/core";
import type { EgressRefusedError } from "./egress-refused-error.ts";
import type { EgressDecision, EgressDoor, EgressOptions } from "./port.ts";

/** Tells of decisions. What is refused carries its words bounded and printable already. */
export type Recorder = {
  readonly allowed: (door: EgressDoor, target: EgressTarget, secrets?: readonly string[]) => void;
  readonly refused: (door: EgressDoor, error: EgressRefusedError) => void;
};

/** @returns a recorder that stamps each decision with the time. */
export function createRecorder(options: Pick<EgressOptions, "onDecision" | "now">): Recorder {
  const { onDecision, now = Date.now } = options;
  const record = (decision: Omit<EgressDecision, "time">): void => onDecision({ time: now(), ...decision });
  return {
    allowed: (door, { host, port }, secrets = []) =>
      record({ door, host, port, allowed: true, ...(secrets.length === 0 ? {} : { secrets }) }),
    refused: (door, { host, port, refusal, message }) =>
      record({ door, host, port, allowed: false, refusal, detail: message }),
  };
}
