import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { AgentTalk } from "../foreign/agent-channel.ts";
import type { MachineSpec } from "../port.ts";
import { awaitGuest, didNotStart, type OpenedPorts } from "../virtual/await-guest.ts";
import { bootLimitMs } from "../virtual/boot-limit.ts";
import { AGENT_PORT } from "../virtual/guest-port.ts";
import { furnishForeign } from "../virtual/guest-work.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import { lastWords } from "../virtual/machine-process.ts";
import { CONSOLE_LOG, type MachineRecord } from "../virtual/record.ts";
import { talkThroughLibvirt } from "./agent-talk.ts";
import { domainXml, withDisk } from "./domain-xml.ts";
import { domainName, endDomain } from "./domains.ts";
import { isSystemWide, type Libvirt, runVirsh } from "./virsh.ts";

/** Where libvirt tries QEMU with a KVM that does not work, it takes two minutes for that alone. */
const CREATE_MS = 240_000;
const RESTORE_MS = 240_000;
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
    await guestListens(libvirt, machine, from.record);
    if (from.state === undefined && from.record.hardware.foreign !== undefined)
      await furnishForeign(machine.socketFolder);
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

async function guestListens(libvirt: Libvirt, machine: MachineSpec, { hardware }: MachineRecord): Promise<void> {
  const talk = (): Promise<AgentTalk> => Promise.resolve(talkThroughLibvirt(libvirt, domainName(machine.id)));
  const readProgram = (): Promise<Uint8Array> => readFile(join(machine.folder, IMAGE_FILES.guestProgram));
  await awaitGuest({
    ports: () => openedPorts(libvirt, machine.id),
    pollMs: BOOT_POLL_MS,
    limitMs: bootLimitMs(machine.env, hardware),
    ...(hardware.foreign !== undefined && { foreign: { readProgram, talk } }),
  });
}

/** libvirt knows which ports the guest has opened. */
async function openedPorts(libvirt: Libvirt, id: string): Promise<OpenedPorts> {
  const { code, stdout } = await runVirsh(libvirt, ["dumpxml", domainName(id)], { allow: [1] });
  if (code !== 0) throw new Error("it has ended");
  const isOpen = (name: string): boolean => stdout.includes(`name='${name}' state='connected'`);
  return { guest: isOpen("cloister.0"), agent: isOpen(AGENT_PORT) };
}

function launchFailed({ id, folder }: MachineSpec, cause: unknown): CloisterError {
  if (CloisterError.isInstance(cause) && cause.code === "machine_unavailable") return cause;
  return didNotStart(id, cause, lastWords(folder, CONSOLE_LOG));
}
