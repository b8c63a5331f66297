/** What a guest asks of the machine through the Supervisor Binary Interface. */
export interface SbiServices {
  /** Takes console output. The bytes are the guest's again when it returns. */
  write(bytes: Uint8Array): void;
  /** Gives console input that has come, without waiting. @returns how many bytes, 0 for none */
  read(into: Uint8Array): number;
  /** The guest ends. @param isFailure says the guest, of the reason */
  reset(kind: SbiReset, isFailure: boolean): void;
}

/** Ways to end. */
export type SbiReset = "shutdown" | "cold-reboot" | "warm-reboot";
