import type { RequestSignal } from "@cloister/core";

/** What the inspector looks for. */
export type FindingKind = Extract<RequestSignal["kind"], "secret" | "personal_data" | "hidden_unicode" | "injection">;

/** A place in a text: UTF-16 units from `start` up to `end`. */
export type Match = {
  /** What was recognised, in one word: `github`, `iban`. */
  readonly rule: string;
  readonly start: number;
  readonly end: number;
};

/** A match and what it is. */
export type Finding = Match & { readonly kind: FindingKind };

/** Finds all of one kind in a text, in time that is linear in its length. Never throws. */
export type Detector = (text: string) => readonly Match[];
