import { VmError } from "../error.ts";
import { splitAtCommas } from "../split-at-commas.ts";
import type { DiskFormat } from "./port.ts";

/** A drive as it is named on a command line. */
export type DriveOption = {
  readonly path: string;
  /** Absent: the file itself tells. */
  readonly format?: DiskFormat;
  /** Writes stay in memory, and are gone with the machine. */
  readonly snapshot: boolean;
};

const EXPECTED = "FILE[,format=raw|qcow2][,snapshot]";

/**
 * Reads `FILE[,format=raw|qcow2][,snapshot]`. A comma in the file's name is written twice.
 * @throws VmError `option_invalid`
 */
export function parseDriveOption(text: string): DriveOption {
  const [path = "", ...settings] = splitAtCommas(text);
  if (path === "") throw new VmError("option_invalid", `A drive is written ${EXPECTED}; "${text}" names no file.`);
  let format: DiskFormat | undefined;
  let snapshot = false;
  for (const setting of settings) {
    if (setting === "snapshot") snapshot = true;
    else if (setting === "format=raw") format = "raw";
    else if (setting === "format=qcow2") format = "qcow2";
    else throw new VmError("option_invalid", `A drive is written ${EXPECTED}; "${setting}" is no setting of one.`);
  }
  return { path, snapshot, ...(format === undefined ? {} : { format }) };
}
