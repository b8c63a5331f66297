import { isUtf8 } from "node:buffer";
import type { ObjectNotes } from "../object-notes.ts";
import type { GatewayPolicy } from "../policy.ts";
import type { Inspection, ModelRequest, SafetyInspector } from "../port.ts";
import { CANNOT_REDACT, describeRefusal } from "./describe-finding.ts";
import { actionsOf, loadDetectors } from "./detectors.ts";
import type { Finding } from "./finding.ts";
import { encodeRedacted, redactText } from "./redact.ts";
import { collectTexts, type RequestTexts } from "./request-texts.ts";
import { createSignalLog } from "./signal-log.ts";
import { createCleanParts } from "./clean-parts.ts";
import { createTextScanner, type ScannedText } from "./text-scanner.ts";

const NOTHING: Inspection = { signals: [] };

/**
 * Looks through requests for what should not leave, and for what should not reach a model: secrets, personal data, hidden Unicode,
 * and, in tool results, known phrases of prompt injection. Signals hold the rule and the place of a finding, never its value.
 * What it has seen in a conversation it does not look through again. Costs nothing where the policy switches everything off.
 */
export function createSafetyInspector(policy: GatewayPolicy["safety"]): SafetyInspector {
  const actions = actionsOf(policy);
  if (Object.values(actions).every((action) => action === "off")) return { inspect: () => Promise.resolve(NOTHING) };
  const scanner = createTextScanner(() => loadDetectors(policy));
  const log = createSignalLog(actions);
  const clean = createCleanParts();
  return {
    inspect: async (request) => {
      const requestTexts = readTexts(request, clean.of(request.wire.name));
      const { texts, isWhole } = requestTexts;
      const scan = await scanner.scan(texts);
      clean.learn(request.wire.name, requestTexts, scan);
      const { run } = request.identity;
      const signals = [...log.tell(run, scan.found), ...(isWhole && scan.isWhole ? [] : log.tellUnscanned(run))];
      const refusal = findRefusal(scan.found, ({ kind }) => actions[kind] === "refuse");
      if (refusal !== undefined) return { signals, refusal };
      return { signals, ...redact(request, scan.found, ({ kind }) => actions[kind] === "redact") };
    },
  };
}

/** The texts of a request: the strings of its JSON, or all of it where it is other text. */
function readTexts({ wire, json, body }: ModelRequest, clean: ObjectNotes<true>): RequestTexts {
  if (json !== undefined) return collectTexts(wire.name, json, clean);
  if (body.length === 0) return { texts: [], isWhole: true, parts: [] };
  if (!isUtf8(body)) return { texts: [], isWhole: false, parts: [] };
  return { texts: [{ text: body.toString(), place: "the request", isFromTool: false }], isWhole: true, parts: [] };
}

type Choose = (finding: Finding) => boolean;

function findRefusal(found: readonly ScannedText[], isRefused: Choose): string | undefined {
  for (const { findings, place } of found) {
    const finding = findings.find(isRefused);
    if (finding !== undefined) return describeRefusal(finding, place);
  }
  return undefined;
}

function redact(
  { json }: ModelRequest,
  found: readonly ScannedText[],
  isRedacted: Choose,
): Omit<Inspection, "signals"> {
  const replacements = new Map<string, string>();
  for (const { text, findings } of found) {
    const chosen = findings.filter(isRedacted);
    if (chosen.length > 0) replacements.set(text, redactText(text, chosen));
  }
  if (replacements.size === 0) return {};
  // A body that is not JSON is one text.
  const [only] = replacements.values();
  const body = json === undefined ? Buffer.from(only ?? "") : encodeRedacted(json, replacements);
  return body === undefined ? { refusal: CANNOT_REDACT } : { body };
}
