import type { Rule } from "../rule.ts";
import { arithmeticRule } from "./arithmetic.ts";
import { absenceRule, commandRule } from "./checks.ts";
import { commitRule } from "./commits.ts";
import { countRule, listRule } from "./counts.ts";
import { fileRule } from "./files.ts";
import { iterationRule } from "./iterations.ts";
import { markRule } from "./marks.ts";
import { lineCountRule, sizeRule, wordCountRule } from "./measures.ts";
import { percentageRule } from "./percentages.ts";
import { costRule, durationRule, tokenRule } from "./spend.ts";
import { statusRule } from "./status.ts";
import { taskRule } from "./tasks.ts";
import { testRule } from "./tests.ts";

/** Everything that an audit looks for, in the order in which a line's claims are listed. */
export const RULES: readonly Rule[] = [
  fileRule,
  sizeRule,
  lineCountRule,
  wordCountRule,
  markRule,
  testRule,
  iterationRule,
  taskRule,
  commitRule,
  costRule,
  tokenRule,
  durationRule,
  commandRule,
  absenceRule,
  arithmeticRule,
  countRule,
  listRule,
  percentageRule,
  statusRule,
];
