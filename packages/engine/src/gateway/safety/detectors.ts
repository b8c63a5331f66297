import type { GatewayPolicy, SafetyAction } from "../policy.ts";
import { findAssignedSecrets } from "./assigned-secrets.ts";
import { findCards, findIbans } from "./bank-numbers.ts";
import { findEmails, findPhones } from "./contact-data.ts";
import type { Detector, FindingKind } from "./finding.ts";
import { findHiddenUnicode } from "./hidden-unicode.ts";
import { findInjections } from "./injection.ts";
import { findKeys } from "./key-formats.ts";
import { findPrivateKeys } from "./private-keys.ts";
import { loadSecretlintRules } from "./secretlint-rules.ts";

/** A detector and when to use it. */
export type ScopedDetector = {
  readonly kind: FindingKind;
  readonly detect: Detector;
  /** Used on tool results only. */
  readonly isForTools: boolean;
  /** Wants whole texts, because what it finds is long; the others are given pieces. */
  readonly isForWholes: boolean;
};

/** The detectors of one kind of text, by what they want to be given. */
export type DetectorSet = {
  readonly forWholes: readonly ScopedDetector[];
  readonly forPieces: readonly ScopedDetector[];
};

/** Those of `detectors` that are used on tool results, or on all other texts. */
export function chooseDetectors(detectors: readonly ScopedDetector[], isFromTool: boolean): DetectorSet {
  const used = detectors.filter(({ isForTools }) => isFromTool || !isForTools);
  return {
    forWholes: used.filter(({ isForWholes }) => isForWholes),
    forPieces: used.filter(({ isForWholes }) => !isForWholes),
  };
}

/** The policy's action for each kind of finding. */
export function actionsOf(policy: GatewayPolicy["safety"]): Readonly<Record<FindingKind, SafetyAction>> {
  return {
    secret: policy.secrets,
    personal_data: policy.personalData,
    hidden_unicode: policy.hiddenUnicode,
    injection: policy.injection,
  };
}

/** The detectors of the kinds that are not switched off. Loads secretlint where it is needed. */
export async function loadDetectors(policy: GatewayPolicy["safety"]): Promise<readonly ScopedDetector[]> {
  const actions = actionsOf(policy);
  const secretlint = actions.secret === "off" ? [] : [await loadSecretlintRules()];
  const all = [
    scope("secret", findPrivateKeys, { isForWholes: true }),
    ...[findKeys, ...secretlint, findAssignedSecrets].map((detect) => scope("secret", detect)),
    ...[findEmails, findPhones, findIbans, findCards].map((detect) => scope("personal_data", detect)),
    scope("hidden_unicode", findHiddenUnicode),
    scope("injection", findInjections, { isForTools: true }),
  ];
  return all.filter(({ kind }) => actions[kind] !== "off");
}

function scope(
  kind: FindingKind,
  detect: Detector,
  options: Partial<Pick<ScopedDetector, "isForTools" | "isForWholes">> = {},
): ScopedDetector {
  return { kind, detect, isForTools: false, isForWholes: false, ...options };
}
