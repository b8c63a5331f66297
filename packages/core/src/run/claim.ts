/** The tokens by which an agent claims that its task is done. The composed prompt names them. */
export const PROMISE = "<promise>COMPLETE</promise>";
export const CLAIM_LINE = "TASK_COMPLETE";

const DECORATION = /^[\s*_`]+|[\s*_`]+$/g;

/**
 * Tells whether a final message claims completion: it must end with the promise, or its last line must be the claim line
 * (emphasis around it is let pass). A token anywhere else is a quotation.
 */
export function isClaim(finalMessage: string): boolean {
  const text = finalMessage.trimEnd();
  const lastLine = text.slice(text.lastIndexOf("\n") + 1).replaceAll(DECORATION, "");
  return lastLine === CLAIM_LINE || lastLine.endsWith(PROMISE);
}
