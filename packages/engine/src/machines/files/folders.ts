/** Folders into a machine and out of it, as tar streams. What comes out is hostile. */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { Readable } from "node:stream";
import { CloisterError } from "@cloister/core";
import { create, type ReadEntry, Unpack } from "tar";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { GuestProcess } from "../guest/port.ts";
import type { OpenMachine } from "../manager/port.ts";

/** Entries that come out are refused beyond this many. */
const MAX_ENTRIES = 200_000;
const TAIL_BYTES = 4000;

/** Is there a folder at `path` in the machine? */
export async function isFolder({ guest, env }: OpenMachine, path: string): Promise<boolean> {
  return (await runInGuest(guest, { argv: ["test", "-d", path], cwd: "/", env, allow: [1] })).code === 0;
}

/** Copies the folder `from` of the host to `to` in the machine. Links are copied as links. @throws CloisterError `machine_failed` */
export async function putFolder(machine: OpenMachine, from: string, to: string): Promise<void> {
  const script = 'mkdir -p "$1" && exec tar -xf - -C "$1"';
  const running = startTar(machine, ["/bin/sh", "-c", script, "sh", to], "open");
  const said = drain(running);
  const archive = Readable.from(create({ cwd: from, portable: true }, ["."])) as AsyncIterable<Buffer>;
  for await (const chunk of archive) await running.write(chunk);
  running.closeInput();
  await assertEnded(running, said);
}

/**
 * Copies the folder `from` of the machine to `to` on the host: files and folders alone, all of them below `to`; links are left out.
 * @throws CloisterError `machine_failed` where it is more than `maxBytes`, or no archive.
 */
export async function getFolder(
  machine: OpenMachine,
  from: string,
  { to, maxBytes }: { readonly to: string; readonly maxBytes: number },
): Promise<void> {
  mkdirSync(to, { recursive: true });
  const running = startTar(machine, ["tar", "-cf", "-", "-C", from, "."], "empty");
  const unpack = new Unpack({ cwd: to, strict: true, noMtime: true, preserveOwner: false, filter: limit(maxBytes) });
  const said = tailOf(running.stderr);
  const unpacked = new Promise<void>((resolve, reject) => unpack.on("close", resolve).on("error", reject));
  unpacked.catch(() => undefined); // It may fail before it is waited for.
  try {
    for await (const chunk of running.stdout)
      if (!unpack.write(Buffer.from(chunk))) await Promise.race([once(unpack, "drain"), unpacked]);
    unpack.end();
    await unpacked;
  } catch (cause: unknown) {
    running.kill();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw failed(`What came out of the machine was refused: ${why}`, cause);
  }
  await assertEnded(running, said);
}

function startTar(
  { guest, env, surroundings }: OpenMachine,
  argv: readonly string[],
  stdin: "open" | "empty",
): GuestProcess {
  const { user } = surroundings;
  return guest.exec({ argv, env, stdin, cwd: "/", ...(user === undefined ? {} : { user }) });
}

/** Lets files and folders through, as long as they are not too many or too big. */
function limit(maxBytes: number): (path: string, entry: unknown) => boolean {
  let [bytes, entries] = [0, 0];
  return (_, entry) => {
    const { type, size } = entry as ReadEntry;
    bytes += size;
    entries += 1;
    if (bytes > maxBytes || entries > MAX_ENTRIES)
      throw new Error(`expected at most ${MAX_ENTRIES} files and ${maxBytes} bytes`);
    return type === "File" || type === "OldFile" || type === "Directory";
  };
}

async function drain(running: GuestProcess): Promise<string> {
  const [out, err] = await Promise.all([tailOf(running.stdout), tailOf(running.stderr)]);
  return out + err;
}

async function tailOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const chunk of source) tail = (tail + Buffer.from(chunk).toString("utf8")).slice(-TAIL_BYTES);
  return tail;
}

async function assertEnded(running: GuestProcess, said: Promise<string>): Promise<void> {
  const [end, text] = await Promise.all([running.exit, said]);
  if (end.code !== 0)
    throw failed(`tar in the machine ended with ${end.code ?? end.signal ?? end.cause}: ${text.trim()}`);
}

function failed(message: string, cause?: unknown): CloisterError {
  return new CloisterError({ code: "machine_failed", message, ...(cause === undefined ? {} : { cause }) });
}
