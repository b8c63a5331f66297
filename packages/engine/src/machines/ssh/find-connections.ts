import { CloisterError } from "@cloister/core";
import { homeOf, runTool } from "../tool/index.ts";

/** A shared connection that is open on this host. */
export type SshConnection = { readonly id: string; readonly socket: string };

/** The shared connections of the machines of this home: the client names its process after the socket. */
export async function findConnections(env: Readonly<Record<string, string>>): Promise<readonly SshConnection[]> {
  const stdout = await processTitles(env);
  const title = new RegExp(`^ssh: (/.*/([a-z0-9]{12})/ssh-${homeOf(env)}) \\[mux\\]$`, "gm");
  return [...stdout.matchAll(title)].flatMap(([, socket, id]) =>
    socket === undefined || id === undefined ? [] : [{ id, socket }],
  );
}

async function processTitles(env: Readonly<Record<string, string>>): Promise<string> {
  try {
    return (await runTool("ps", ["-axww", "-o", "args="], { env })).stdout;
  } catch (error: unknown) {
    // Without ps nothing is found; what is left ends by itself a minute after its last session.
    if (CloisterError.isInstance(error) && error.code === "machine_unavailable") return "";
    throw error;
  }
}
