import { CloisterError } from "@cloister/core";

/** What the guest did that the protocol does not allow. */
export function breach(what: string): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `The machine's guest agent broke the protocol: ${what}.`,
    remedy: "Create the machine anew: what runs in it is not what Cloister put there.",
  });
}

/** What could not be done in the guest. @param what such as `read /etc/passwd` @param reason the guest's word, already made safe */
export function guestFailure(what: string, reason: string): CloisterError {
  return new CloisterError({ code: "machine_failed", message: `The machine could not ${what}: ${reason}.` });
}
