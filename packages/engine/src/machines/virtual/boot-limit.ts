import { CloisterError } from "@cloister/core";
import type { Hardware } from "./record.ts";

/** An emulated processor boots a full image of Cloister in half a minute, on a busy host in twice that. */
const OWN_S = 120;
/** Other systems start much more; an emulated processor takes minutes for that. */
const FOREIGN_S = 600;
const VARIABLE = "CLOISTER_BOOT_SECONDS";

/**
 * How long a machine may take until its guest agent listens, in ms.
 * @param env the user's `CLOISTER_BOOT_SECONDS` in it goes before what is usual
 * @throws CloisterError `usage_invalid`
 */
export function bootLimitMs(env: Readonly<Record<string, string>>, { foreign }: Pick<Hardware, "foreign">): number {
  const said = env[VARIABLE] ?? "";
  if (said === "") return (foreign === undefined ? OWN_S : FOREIGN_S) * 1000;
  if (/^[1-9]\d{0,4}$/.test(said)) return Number(said) * 1000;
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected ${VARIABLE} to be a whole number of seconds, 1 to 99999, got ${JSON.stringify(said.slice(0, 80))}.`,
    remedy: "Change or unset it.",
  });
}
