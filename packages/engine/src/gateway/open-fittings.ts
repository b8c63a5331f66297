/** What a gateway of a run and one that runs alone have in common. */
import { join } from "node:path";
import { createRecorder } from "./cassette/index.ts";
import type { GatewayOptions } from "./create-gateway.ts";
import type { Vault } from "./credentials/index.ts";
import { openPeriodBook, type PeriodBook } from "./money/index.ts";

/** Takes lines for people. */
type Notify = (line: string) => void;

/** Says that the ledger could not be written. */
export function sayFailure(notify: Notify): GatewayOptions["onFailure"] {
  return (error) =>
    notify(`The gateway could not write its ledger: ${error instanceof Error ? error.message : String(error)}.`);
}

/**
 * A recorder into `folder`, without credentials.
 * @param folder undefined for none.
 * @param stack closes it.
 */
export function openRecorder(
  folder: string | undefined,
  { vault, notify }: { readonly vault: Vault; readonly notify: Notify },
  stack: AsyncDisposableStack,
): Pick<GatewayOptions, "recorder"> {
  if (folder === undefined) return {};
  const recorder = createRecorder({ folder, redact: (text) => vault.redact(text), onProblem: notify });
  stack.defer(() => recorder.close());
  return { recorder };
}

/**
 * What all of a user's gateways spend in a day and a month.
 * @param stateFolder the user's.
 * @param stack closes it.
 * @throws CloisterError `gateway_failed`
 */
export function openSharedBook(stateFolder: string, warnAt: number, stack: AsyncDisposableStack): PeriodBook {
  return stack.adopt(openPeriodBook(join(stateFolder, "spending.db"), warnAt), (opened) => opened.close());
}
