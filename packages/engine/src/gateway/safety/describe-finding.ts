import type { RequestSignal } from "@cloister/core";
import type { SafetyAction } from "../policy.ts";
import type { Finding, FindingKind } from "./finding.ts";

/** What each kind is called, and the setting of the policy that is about it. */
const KINDS: Readonly<Record<FindingKind, { readonly noun: string; readonly setting: string }>> = {
  secret: { noun: "what looks like a secret", setting: "secrets" },
  personal_data: { noun: "personal data", setting: "personalData" },
  hidden_unicode: { noun: "hidden Unicode characters", setting: "hiddenUnicode" },
  injection: { noun: "a known phrase of prompt injection", setting: "injection" },
};

const DONE: Readonly<Record<Exclude<SafetyAction, "off">, RequestSignal["action"]>> = {
  report: "reported",
  redact: "redacted",
  refuse: "refused",
};

/**
 * The signal of a finding, without its value.
 * @param fingerprint tells values apart, and equal ones together.
 */
export function toSignal(
  { kind, rule }: Finding,
  place: string,
  action: Exclude<SafetyAction, "off">,
  fingerprint: string,
): RequestSignal {
  const detail = `${capitalize(place)} holds ${KINDS[kind].noun} (${rule}, fingerprint ${fingerprint}).`;
  return { kind, action: DONE[action], detail };
}

/** One signal for all those that are too many to be told one by one. `like` is one of them. */
export function toSummarySignal(like: RequestSignal, count: number): RequestSignal {
  return { ...like, detail: `The request holds at least ${count} more findings of this kind.` };
}

/** Says that part of a request was not looked at. */
export function toUnscannedSignal(kind: FindingKind): RequestSignal {
  const detail =
    "Part of a request was not looked through: too large, too slow to look through, nested too deep, or no text.";
  return { kind, action: "reported", detail };
}

/** Why a request is refused, and what to do. */
export function describeRefusal({ kind, rule }: Finding, place: string): string {
  const { noun, setting } = KINDS[kind];
  return (
    `Cloister did not send this request: ${place} holds ${noun} (${rule}), and the policy is to refuse that. ` +
    `Take it out, or set gateway.safety.${setting} to "report".`
  );
}

/** Why a request is refused whose findings can't be taken out. */
export const CANNOT_REDACT =
  "Cloister did not send this request: something in it is to be redacted, and its body is nested too deep to be written anew.";

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
