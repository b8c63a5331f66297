import type { JsonObject } from "../../agents/json-value.ts";
import type { Finding } from "./finding.ts";

/** `text` with each finding replaced by its rule's name: equal values always become equal, so that prompt caches stay valid. */
export function redactText(text: string, findings: readonly Finding[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const finding of findings.toSorted((left, right) => left.start - right.start)) {
    parts.push(text.slice(end, finding.start), `[redacted: ${finding.rule}]`);
    end = finding.end;
  }
  return [...parts, text.slice(end)].join("");
}

/**
 * `json` as a body, with each string that is a key of `replacements` replaced, wherever it stands.
 * Undefined where `json` is nested too deep to be written.
 */
export function encodeRedacted(json: JsonObject, replacements: ReadonlyMap<string, string>): Buffer | undefined {
  const replace = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? (replacements.get(value) ?? value) : value;
  try {
    return Buffer.from(JSON.stringify(json, replace));
  } catch {
    // A stack overflow: no agent writes such a body, and the caller refuses it.
    return undefined;
  }
}
