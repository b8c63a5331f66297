import { withoutEvidence } from "../claim.ts";
import type { Rule } from "../rule.ts";
import { arithmeticRule } from "./arithmetic.ts";

const SHARE = String.raw`(?<![\d.,])\d[\d,.]{0,12}(?:\s?[-–]\s?\d{1,6})?\s?`;
const BOLD_CLAIM = new RegExp(
  String.raw`${SHARE}(?:%|x\b|×)[^|.;]{0,30}?\b(?:reduc\w+|improve\w*|faster|slower|better|increase\w*|less|fewer|coverage|complete\w*|completion|native|analysis|implementation|efficien\w+|debt|utili[sz]ed)\b` +
    String.raw`|\b(?:by|of|coverage|complete\w*|confidence|performance)\b[^|.;\d]{0,20}${SHARE}(?:%|×)`,
  "i",
);

/** Shares and factors without the numbers that they were made of: "35% debt reduction", "5-10x faster". */
export const percentageRule: Rule = (line, document) => {
  if (line.fenced || line.heading || arithmeticRule(line, document).length > 0) return [];
  const match = BOLD_CLAIM.exec(line.text);
  if (match === null) return [];
  return [
    {
      kind: "percentage",
      text: match[0],
      judge: () => withoutEvidence("it does not say what was measured, or how"),
    },
  ];
};
