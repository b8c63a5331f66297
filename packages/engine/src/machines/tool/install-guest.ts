import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { guestProgram } from "../guest/program.ts";

/**
 * Runs a script of a POSIX shell where a machine is, and returns its output. Scripts hold no single quotation marks: whoever runs them
 * may have to quote them once more.
 */
export type RunThere = (script: string, input?: Uint8Array) => Promise<string>;

/** Where things are on a host that a shell was asked about. */
export type RemoteFacts = {
  /** Absolute path of the user's home. */
  readonly home: string;
  /** The user's name. */
  readonly user: string;
  /** The PATH that programs get there. */
  readonly path: string;
  /** Absolute path of the guest agent's program. */
  readonly guest: string;
};

/** Checks that {@link RemoteFacts} can stand in a script, between double quotation marks. */
export const remoteFactsSchema: z.ZodType<RemoteFacts> = z.object({
  home: z.string().regex(/^\/[^\p{Cc}'"$`\\]{0,1000}$/u),
  user: z.string().regex(/^[A-Za-z_][\w.-]{0,63}$/),
  path: z.string().regex(/^[^\p{Cc}]{1,8000}$/u),
  guest: z.string().regex(/^\/[^\p{Cc}'"$`\\]{1,2000}$/u),
});

const ASK = `uname -sm; echo "$HOME"; id -un; echo "$PATH"`;

const PLATFORMS = { Linux: "linux", Darwin: "darwin" } as const;

/**
 * Puts the guest agent's program on a host that a shell reaches, below the user's cache, named by its content; nothing is sent where it
 * is there already.
 * @throws CloisterError `machine_unsupported` where there is no guest agent for that host; `machine_failed` where its answers make no sense.
 */
export async function installGuest(run: RunThere, cache: string): Promise<RemoteFacts> {
  const [system = "", home, user, path] = (await run(ASK)).split("\n");
  const program = await readFile(await guestProgram({ ...platformOf(system), cache }));
  const name = `guest-${createHash("sha256").update(program).digest("hex").slice(0, 16)}`;
  const parsed = remoteFactsSchema.safeParse({ home, user, path, guest: `${home}/.cache/cloister/${name}` });
  if (!parsed.success) throw nonsense();
  const there = await run(`test -x "$HOME/.cache/cloister/${name}" && echo there || echo missing`);
  if (there.trim() !== "there") await run(uploadScript(name, program.length), program);
  return parsed.data;
}

function platformOf(system: string): { readonly platform: "linux" | "darwin"; readonly architecture: string } {
  const [kernel, machine = ""] = system.split(" ");
  const architecture = machine === "arm64" ? "aarch64" : machine;
  if (kernel === "Linux" || kernel === "Darwin") return { platform: PLATFORMS[kernel], architecture };
  throw new CloisterError({
    code: "machine_unsupported",
    message: `Expected a host with ${Object.keys(PLATFORMS).join(" or ")}, got ${JSON.stringify(system.slice(0, 80))}.`,
    remedy: "Choose another host: the guest agent does not run on this one.",
  });
}

/** A connection may end in the middle: what is not whole never gets its name. */
function uploadScript(name: string, bytes: number): string {
  return `umask 077
folder="$HOME/.cache/cloister"
mkdir -p "$folder" || exit 1
new=$(mktemp "$folder/upload.XXXXXX") || exit 1
cat >"$new" && test "$(wc -c <"$new")" -eq ${bytes} && chmod 700 "$new" && mv "$new" "$folder/${name}" && exit 0
rm -f "$new"
echo "the program did not arrive whole" >&2
exit 1`;
}

function nonsense(): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message:
      "Expected the host's shell to say where the user's home is, the user's name and a PATH; got something else.",
    remedy: "Check that nothing in the shell's start-up files prints to standard output.",
  });
}
