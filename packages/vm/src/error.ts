/** What went wrong: each is something a caller can act on. */
export type VmErrorCode =
  | "option_invalid"
  | "image_invalid"
  | "snapshot_invalid"
  | "cache_invalid"
  | "disk_failed"
  | "disk_invalid"
  | "machine_failed";

/** An error of the engine: what was expected, what came, and what to do. */
export class VmError extends Error {
  override readonly name = "VmError";
  readonly code: VmErrorCode;
  constructor(code: VmErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
