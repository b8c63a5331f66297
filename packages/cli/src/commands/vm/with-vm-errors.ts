import { CloisterError, type ErrorCode } from "@cloister/core";
import { VmError, type VmErrorCode } from "@cloister/vm";

const CODES: Readonly<Record<VmErrorCode, ErrorCode>> = {
  option_invalid: "usage_invalid",
  image_invalid: "image_invalid",
  snapshot_invalid: "image_invalid",
  cache_invalid: "image_invalid",
  disk_failed: "machine_failed",
  disk_invalid: "image_invalid",
  machine_failed: "machine_failed",
};

/** Makes errors of the engine errors of the command line. */
export async function withVmErrors<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    throw new CloisterError({ code: CODES[error.code], message: error.message, cause: error });
  }
}
