import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { GuestConnection } from "../guest/port.ts";

/** Login files of agents, below the user's home. */
const AGENT_LOGINS: readonly string[] = [
  ".claude/.credentials.json",
  ".claude.json",
  ".codex/auth.json",
  ".gemini/oauth_creds.json",
  ".gemini/google_accounts.json",
  ".qwen/oauth_creds.json",
  ".local/share/opencode/auth.json",
];
const MAX_BYTES = 4 * 1024 * 1024;

/** What to tell whoever wants logins copied. */
export const COPY_CREDENTIALS_WARNING: string =
  "The logins of your agents are copied into the machine. Whatever runs there can read them, use them as you, and send them wherever the machine may reach; " +
  "they are in its snapshots and clones as well. Without this, agents work through the model gateway, and the machine has no credential.";

/** Where logins go in a machine. */
export type CredentialPlace = {
  /** Home of the user that agents run as. */
  readonly home: string;
  /** That user; undefined: the one that the guest agent runs as. */
  readonly user?: string;
};

/**
 * Copies the agents' login files that there are into a machine, for their user alone. Keys of SSH and the configuration of git stay here.
 * @param env names the home that they are in
 * @returns what was copied, relative to the home
 */
export async function copyCredentials(
  guest: GuestConnection,
  env: Readonly<Record<string, string>>,
  { home, user }: CredentialPlace,
): Promise<readonly string[]> {
  const from = env["HOME"] ?? homedir();
  const there = AGENT_LOGINS.filter((file) => isSmallFile(join(from, file)));
  for (const file of there) {
    const content = readFileSync(join(from, file));
    await guest.putFile(join(home, file), one(content), { mode: 0o600, ...(user === undefined ? {} : { user }) });
  }
  return there;
}

function isSmallFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size <= MAX_BYTES;
}

async function* one(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
