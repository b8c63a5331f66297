import { VmError } from "../../error.ts";
import { splitAtCommas } from "../../split-at-commas.ts";

/** A shared folder as it is named on a command line. */
export type ShareOption = {
  readonly path: string;
  /** What the guest mounts it by. */
  readonly tag: string;
  readonly readOnly: boolean;
};

const EXPECTED = "FOLDER,TAG[,readonly]";

/**
 * Reads `FOLDER,TAG[,readonly]`. A comma in a name is written twice.
 * @throws VmError `option_invalid`
 */
export function parseShareOption(text: string): ShareOption {
  const [path = "", tag = "", ...settings] = splitAtCommas(text);
  if (path === "" || tag === "")
    throw new VmError("option_invalid", `A share is written ${EXPECTED}; "${text}" has no folder or no tag.`);
  const other = settings.find((setting) => setting !== "readonly");
  if (other !== undefined)
    throw new VmError("option_invalid", `A share is written ${EXPECTED}; "${other}" is no setting of one.`);
  return { path, tag, readOnly: settings.length > 0 };
}
