import { hash } from "node:crypto";
import { join } from "node:path";
import { AGENT_PORT, AGENT_SOCKET, GUEST_PORTS, guestSocket } from "../virtual/guest-port.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import { CONSOLE_LOG, type Hardware } from "../virtual/record.ts";
import { type Architecture, architectureOf } from "./architecture.ts";
import type { QemuFinding } from "./probe.ts";

/** The disk's name in QEMU. */
export const DISK = "disk";

/** What QEMU calls its end of the port for qemu-guest-agent. */
export const AGENT_CHARDEV = "agent";

/** Unix sockets of QEMU, in the machine's socket folder. */
export const SOCKETS = {
  /** Whoever changes what the machine does. */
  monitor: "monitor",
  /** Whoever only asks. */
  watch: "watch",
  migration: "migration",
} as const;

/** Where a machine's memory comes from. `shared`: a file that holds it all along; `private`: a file that is only read. */
export type MemoryBacking = { readonly kind: "plain" } | { readonly kind: "shared" | "private"; readonly file: string };

/** A QEMU to start. Its working folder is the machine's. */
export type CommandLine = {
  readonly id: string;
  readonly folder: string;
  readonly socketFolder: string;
  readonly hardware: Hardware;
  /** The disk's last layer. */
  readonly disk: string;
  /** False where the disk's own boot loader finds it. */
  readonly hasKernel: boolean;
  readonly hasInitrd: boolean;
  readonly memory: MemoryBacking;
  /** True where it waits for a saved state. */
  readonly isIncoming: boolean;
};

/** What finds a machine's process again by its command line. */
export function processName(id: string): string {
  return `cloister-${id}`;
}

/** Arguments for QEMU. Nothing but what is named here is in the machine: no default devices, no network, no option ROMs. */
export function argumentsFor(line: CommandLine): readonly string[] {
  const { hardware, isIncoming } = line;
  const architecture = architectureOf(hardware.architecture);
  return [
    ["-name", processName(line.id), "-pidfile", pidFile(line.folder)],
    ["-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-no-reboot"],
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    board(architecture, hardware),
    ["-object", memoryObject(line.memory, hardware.memoryMib)],
    line.hasKernel ? kernel(architecture, hardware, line.hasInitrd) : [],
    ["-drive", `if=none,id=${DISK},file=${line.disk},format=qcow2,discard=unmap,werror=report`],
    devices(architecture).flatMap((device) => ["-device", device]),
    guestPorts(line.socketFolder),
    hardware.foreign === undefined ? [] : agentPort(line.socketFolder),
    ["-chardev", `file,id=console,path=${CONSOLE_LOG},append=on`, "-serial", "chardev:console"],
    monitor("monitor", join(line.socketFolder, SOCKETS.monitor)),
    monitor("watch", join(line.socketFolder, SOCKETS.watch)),
    isIncoming ? ["-incoming", "defer"] : [],
  ].flat();
}

/** The file that QEMU writes its number to: its path in the command line says whose machine it is. */
export function pidFile(folder: string): string {
  return join(folder, "qemu.pid");
}

/** Names all that a saved memory depends on, the image aside: 64 hexadecimal digits. */
export function hardwareFingerprint(hardware: Hardware, { version, hostCpu }: QemuFinding): string {
  const architecture = architectureOf(hardware.architecture);
  const shape = [
    ...board(architecture, hardware),
    ...kernel(architecture, hardware, true),
    ...devices(architecture),
    GUEST_PORTS,
  ];
  const processor = hardware.accelerator === "tcg" ? architecture.cpu : hostCpu;
  return hash("sha256", JSON.stringify({ version, shape, processor, hardware }));
}

function board({ machine, cpu }: Architecture, { accelerator, memoryMib, cpus }: Hardware): string[] {
  const processor = accelerator === "tcg" ? cpu : "host";
  const accel = accelerator === "tcg" ? "tcg,thread=multi" : accelerator;
  const type = ["-accel", accel, "-M", `${machine},memory-backend=memory`];
  return [...type, "-cpu", processor, "-smp", String(cpus), "-m", String(memoryMib)];
}

function memoryObject(memory: MemoryBacking, memoryMib: number): string {
  const size = `id=memory,size=${memoryMib}M`;
  if (memory.kind === "plain") return `memory-backend-ram,${size}`;
  return `memory-backend-file,${size},mem-path=${escape(memory.file)},share=${memory.kind === "shared" ? "on" : "off"}`;
}

function kernel({ console }: Architecture, { accelerator, foreign }: Hardware, hasInitrd: boolean): string[] {
  const initrd = hasInitrd ? ["-initrd", IMAGE_FILES.initrd] : [];
  // `panic=-1`: a guest that can't go on reboots at once, which with -no-reboot ends the process.
  // An emulated processor does not speculate: guarding against that would only make each system call slower.
  const guards = accelerator === "tcg" ? " mitigations=off" : "";
  const own = foreign?.kernelArguments ?? "root=/dev/vda rw";
  const words = `console=${console} ${own} quiet panic=-1 no_timer_check${guards}`;
  return ["-kernel", IMAGE_FILES.kernel, ...initrd, "-append", words];
}

/**
 * No balloon: giving back pages of a clone would punch holes into the file that its template's memory lies in.
 */
function devices({ devices: own }: Architecture): string[] {
  const random = "virtio-rng-pci,romfile=";
  return [`virtio-blk-pci,drive=${DISK},romfile=`, "virtio-serial-pci,id=serial,romfile=", random, ...own];
}

function guestPorts(socketFolder: string): string[] {
  const ports = Array.from({ length: GUEST_PORTS }, (_, port) => port);
  return ports.flatMap((port) =>
    serialPort({
      id: `guest${port}`,
      path: join(socketFolder, guestSocket(port)),
      number: port,
      name: `cloister.${port}`,
    }),
  );
}

/** Where qemu-guest-agent listens, if the system has it: through it, Cloister's own is brought in. */
function agentPort(socketFolder: string): string[] {
  return serialPort({
    id: AGENT_CHARDEV,
    path: join(socketFolder, AGENT_SOCKET),
    number: GUEST_PORTS,
    name: AGENT_PORT,
  });
}

type SerialPort = { readonly id: string; readonly path: string; readonly number: number; readonly name: string };

function serialPort({ id, path, number, name }: SerialPort): string[] {
  const socket = `socket,id=${id},path=${escape(path)},server=on,wait=off`;
  // Port 0 of a bus is kept for consoles.
  return ["-chardev", socket, "-device", `virtserialport,bus=serial.0,nr=${number + 1},chardev=${id},name=${name}`];
}

function monitor(name: string, path: string): string[] {
  return [
    "-chardev",
    `socket,id=${name},path=${escape(path)},server=on,wait=off`,
    "-mon",
    `chardev=${name},mode=control`,
  ];
}

/** QEMU's options are separated by commas; one that is doubled is itself. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}
