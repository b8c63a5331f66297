import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import type { MachineSpec } from "../port.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import { lastWords } from "../virtual/machine-process.ts";
import { CONSOLE_LOG, type MachineRecord } from "../virtual/record.ts";
import { domainXml, withDisk } from "./domain-xml.ts";
import { domainName, endDomain } from "./domains.ts";
import { isSystemWide, type Libvirt, runVirsh } from "./virsh.ts";

/** Where libvirt tries QEMU with a KVM that does not work, it takes two minutes for that alone. */
const CREATE_MS = 240_000;
const RESTORE_MS = 240_000;
/** An emulated processor boots a full image in half a minute, on a busy host in twice that. */
const BOOT_MS = 120_000;
const BOOT_POLL_MS = 100;
/** What libvirt was last given, for people. */
const DESCRIPTION = "domain.xml";

/**
 * Starts a machine, from a saved state where one is named, and waits until its guest agent listens.
 * @throws CloisterError `machine_failed`, with what libvirt and the console said; then nothing of it runs
 */
export async function launch(
  libvirt: Libvirt,
  machine: MachineSpec,
  from: { readonly record: MachineRecord; readonly state?: string },
): Promise<void> {
  makeRoom(machine);
  try {
    await (from.state === undefined
      ? boot(libvirt, machine, from.record)
      : wake(libvirt, machine, { ...from, state: from.state }));
    await guestListens(libvirt, machine.id);
  } catch (cause: unknown) {
    await endDomain(libvirt, machine.id);
    throw launchFailed(machine, cause);
  }
}

async function boot(libvirt: Libvirt, machine: MachineSpec, { hardware, layers }: MachineRecord): Promise<void> {
  const has = (file: string): boolean => existsSync(join(machine.folder, file));
  const owner = { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 };
  const disk = layers.at(-1) ?? IMAGE_FILES.disk;
  const boot = { hasKernel: has(IMAGE_FILES.kernel), hasInitrd: has(IMAGE_FILES.initrd) };
  const domain = { ...machine, hardware, disk, ...boot, ...(isSystemWide(libvirt) && { owner }) };
  const file = describe(machine, domainXml(domain));
  await runVirsh(libvirt, ["create", file], { timeLimitMs: CREATE_MS });
}

async function wake(
  libvirt: Libvirt,
  machine: MachineSpec,
  { record, state }: { readonly record: MachineRecord; readonly state: string },
): Promise<void> {
  const saved = join(machine.folder, state);
  const { stdout } = await runVirsh(libvirt, ["save-image-dumpxml", saved]);
  const file = describe(machine, withDisk(stdout, join(machine.folder, record.layers.at(-1) ?? "")));
  await runVirsh(libvirt, ["restore", saved, "--xml", file, "--running"], { timeLimitMs: RESTORE_MS });
}

/** virsh reads descriptions from files alone. */
function describe({ folder }: MachineSpec, description: string): string {
  const file = join(folder, DESCRIPTION);
  writeFileSync(file, description, { mode: 0o600 });
  return file;
}

/** The console's log is made here, so that it belongs to the machine's owner, whoever writes to it. */
function makeRoom({ folder, socketFolder }: MachineSpec): void {
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  closeSync(openSync(join(folder, CONSOLE_LOG), "a", 0o600));
}

/** libvirt knows which ports the guest has opened. */
async function guestListens(libvirt: Libvirt, id: string): Promise<void> {
  const deadline = performance.now() + BOOT_MS;
  for (;;) {
    const { code, stdout } = await runVirsh(libvirt, ["dumpxml", domainName(id)], { allow: [1] });
    if (code !== 0) throw new Error("it has ended");
    if (/name='cloister\.0' state='connected'/.test(stdout)) return;
    if (performance.now() > deadline) throw new Error(`its guest agent did not listen within ${BOOT_MS / 1000} s`);
    await delay(BOOT_POLL_MS);
  }
}

function launchFailed({ id, folder }: MachineSpec, cause: unknown): CloisterError {
  if (CloisterError.isInstance(cause) && cause.code === "machine_unavailable") return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  const words = lastWords(folder, CONSOLE_LOG);
  const said = words === "" ? "" : ` Its console said: ${words}`;
  return new CloisterError({ code: "machine_failed", message: `Machine ${id} did not start: ${why}${said}`, cause });
}
