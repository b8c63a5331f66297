import { createFinder } from "./create-finder.ts";
import type { Detector } from "./finding.ts";

/** Words between the ones that matter, in any number of spaces and lines up to a few. */
const GAP = String.raw`[\s,:"'*_]{1,6}`;
const OLD = "(?:all|any|every|the|your|previous|prior|preceding|earlier|above|existing|former|system)";
const ORDERS = "(?:instructions?|prompts?|directions?|directives?|rules|guidelines|commands?|messages?|context)";

/**
 * Phrases by which a text tries to command the model that reads it. Known ones only: a signal for people, no protection.
 * https://owasp.org/www-project-top-10-for-large-language-model-applications (LLM01).
 */
const PHRASES: readonly (readonly [rule: string, source: string])[] = [
  ["ignore_instructions", `(?:ignore|disregard|forget|override|bypass)(?:${GAP}${OLD}){1,4}${GAP}${ORDERS}`],
  [
    "ignore_instructions",
    `(?:ignore|disregard|forget)${GAP}(?:everything|all|anything)${GAP}(?:above|before|prior|previous|that came before|you were told)`,
  ],
  [
    "new_instructions",
    `(?:your|these are(?: your)?|here are(?: your)?)${GAP}(?:new|updated|real|actual)${GAP}(?:instructions|directives|orders|rules)`,
  ],
  [
    "new_role",
    `you${GAP}are${GAP}(?:now|no${GAP}longer)${GAP}(?:in${GAP})?(?:an?${GAP})?(?:dan|developer${GAP}mode|jailbroken|unrestricted|bound${GAP}by|restricted)`,
  ],
  [
    "reveal_prompt",
    `(?:reveal|print|repeat|output|disclose|leak)(?:${GAP}(?:me|us|all|of|the|your|full|entire|exact)){1,4}${GAP}(?:system|initial|hidden|developer)${GAP}(?:prompt|instructions|message)`,
  ],
  [
    "order_to_model",
    `(?:attention|important|urgent|note(?:${GAP}to)?)${GAP}(?:(?:all|the|any)${GAP})?(?:ai|llm|language${GAP}model|(?:ai|coding)${GAP}(?:assistant|agent))s?\\b[^.\\n]{0,40}?\\b(?:must|should|shall|please)`,
  ],
  [
    "concealment",
    `(?:do not|don't|never|without)${GAP}(?:tell|telling|inform|informing|alert|alerting|notify|notifying)${GAP}(?:the${GAP})?(?:user|human|developer)${GAP}(?:about|of|that)`,
  ],
  [
    "exfiltration",
    `(?:send|post|upload|forward|exfiltrate|e-?mail|transmit)\\b[^.\\n]{0,40}?(?:\\bapi${GAP}?keys?|\\bsecrets|\\bcredentials|\\bpasswords|\\b(?:ssh|private) keys?|\\benvironment variables|\\.env)\\b[^\\n]{0,40}?\\b(?:to|at)${GAP}(?:https?:|[\\w.-]{1,40}@)`,
  ],
];

/** What most texts have none of; one test spares them the others. */
const ANY_PHRASE = new RegExp(startingWord(PHRASES.map(([, source]) => source).join("|")), "i");
const FINDERS = PHRASES.map(([rule, source]) => createFinder(rule, new RegExp(startingWord(source), "dgi")));
const findMarkup = createFinder(
  "chat_markup",
  /<\|(?:im_start|im_end|start_header_id|system|endofprompt)\|>|<<SYS>>|\[\/?INST\]|\n\n(?:Human|Assistant): /dg,
);

/** Finds known phrases of prompt injection. */
export const findInjections: Detector = (text) => [
  ...(ANY_PHRASE.test(text) ? FINDERS.flatMap((find) => find(text)) : []),
  ...findMarkup(text),
];

function startingWord(source: string): string {
  return String.raw`\b(?:${source})`;
}
