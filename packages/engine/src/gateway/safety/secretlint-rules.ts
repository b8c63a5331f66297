import type { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { Detector, Match } from "./finding.ts";
import { createSignReader } from "./secret-signs.ts";

type Rule = (typeof rules)[number];
type RuleContext = Parameters<Rule["create"]>[0];
type RuleSource = Parameters<NonNullable<ReturnType<Rule["create"]>["file"]>>[0];

/**
 * Rules that are left out: `filter-comments` lets any text switch all others off, and `gcp` looks at files by their names alone.
 */
const LEFT_OUT = /-(?:filter-comments|gcp)$/;

/**
 * Loads secretlint's recommended rules. They are driven without secretlint's own loop: that records each run of each rule for its
 * profiler, in memory that grows for ever.
 */
export async function loadSecretlintRules(): Promise<Detector> {
  const preset = await import("@secretlint/secretlint-rule-preset-recommend");
  const used = preset.rules.filter(isUsed);
  // One list that is emptied for each text: rules are asked synchronously, one after another.
  let matches: Match[] = [];
  const handlers = used.map((rule) =>
    rule.create(
      createRuleContext(rule, (match) => matches.push(match)),
      {},
    ),
  );
  const readSigns = createSignReader(used.map(nameOf));
  return (text) => {
    matches = [];
    for (const index of readSigns(text)) void handlers[index]?.file?.(toSource(text));
    return matches;
  };
}

function createRuleContext(rule: Rule, onMatch: (match: Match) => void): RuleContext {
  const name = nameOf(rule);
  return {
    sharedOptions: {},
    // Messages hold the secret: none is made.
    createTranslator: () => (messageId, data) => ({ message: "", messageId: String(messageId), data }),
    report: ({ range: [start, end] }) => onMatch({ rule: name, start, end }),
    ignore: () => undefined,
  };
}

/** Whether a rule is one of those that are used. */
export function isUsed({ meta }: Rule): boolean {
  return !LEFT_OUT.test(meta.id);
}

/** A rule's name, as findings have it. */
export function nameOf({ meta }: Rule): string {
  return meta.id.replace(/^.*secretlint-rule-/, "");
}

/** The rules that are used read `content`, and the name to tell some files from others. */
function toSource(content: string): RuleSource {
  return { content, filePath: "request.txt", ext: ".txt", contentType: "text" } as unknown as RuleSource;
}
