import assert from "node:assert/strict";
import { test } from "node:test";
import { CLAIM_LINE, isClaim, PROMISE } from "./claim.ts";

const CLAIMS: readonly string[] = [
  `Done.\n${PROMISE}`,
  `Everything works. ${PROMISE}  \n\n`,
  CLAIM_LINE,
  `Done.\n\n${CLAIM_LINE}\n`,
  `Done.\r\n${CLAIM_LINE}\r\n`,
  `Done.\n**${CLAIM_LINE}**`,
  `Done.\n\`${CLAIM_LINE}\``,
  `Done.\n**${PROMISE}**`,
];

const NO_CLAIMS: readonly string[] = [
  "",
  "Done.",
  `I was told to end with ${CLAIM_LINE}`,
  `I will not say ${CLAIM_LINE} yet.`,
  `${CLAIM_LINE}\nBut two tests are still red.`,
  `${PROMISE} is what I would say, but a test fails.`,
  `The file says:\n\`\`\`\n${CLAIM_LINE}\n\`\`\``,
  `> ${CLAIM_LINE}`,
  `- ${CLAIM_LINE}`,
  `not ${PROMISE}!`,
  "<promise>INCOMPLETE</promise>",
  "TASK_COMPLETED",
  "task_complete",
];

for (const text of CLAIMS) test(`claims completion: ${JSON.stringify(text)}`, () => assert.equal(isClaim(text), true));
for (const text of NO_CLAIMS) test(`claims nothing: ${JSON.stringify(text)}`, () => assert.equal(isClaim(text), false));
