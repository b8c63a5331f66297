import { join } from "node:path";
import type { MachineSpec } from "../port.ts";
import { AGENT_PORT, AGENT_SOCKET, GUEST_PORTS, guestSocket } from "../virtual/guest-port.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import { CONSOLE_LOG, type Hardware } from "../virtual/record.ts";
import { boardOf } from "./board.ts";
import { domainName } from "./domains.ts";
import { architectureOf } from "../qemu/architecture.ts";
import { argumentsFor } from "../qemu/command-line.ts";

/** The disk's name in the domain. */
export const DISK = "vda";

const DOMAIN_TYPES = { kvm: "kvm", hvf: "hvf", tcg: "qemu" } as const;

/** A machine as libvirt is to run it. */
export type Domain = Pick<MachineSpec, "id" | "folder" | "socketFolder"> & {
  readonly hardware: Hardware;
  /** The disk's last layer, in the machine's folder. */
  readonly disk: string;
  /** False where the disk's own boot loader finds it. */
  readonly hasKernel: boolean;
  readonly hasInitrd: boolean;
  /** The user and group that its process runs as, by number; undefined where there is no choice. */
  readonly owner?: { readonly user: number; readonly group: number };
};

/**
 * A domain with nothing in it but what is named here: no network, no screen, no USB, no balloon.
 * libvirt: Domain XML format.
 */
export function domainXml(domain: Domain): string {
  const { id, hardware, owner } = domain;
  return `<domain type='${DOMAIN_TYPES[hardware.accelerator]}'>
  <name>${domainName(id)}</name>
  <metadata><machine xmlns='urn:cloister:machine' id='${id}'/></metadata>
  ${hasGenerationId(hardware) ? "<genid/>" : ""}
  <memory unit='MiB'>${hardware.memoryMib}</memory>
  <vcpu>${hardware.cpus}</vcpu>
${operatingSystem(domain)}
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
${devices(domain)}
  </devices>
${owner === undefined ? "" : securityLabel(owner)}
</domain>
`;
}

/** Of the boards that have one QEMU's own command line names it. */
function hasGenerationId({ architecture }: Hardware): boolean {
  return architectureOf(architecture).devices.some((device) => device.startsWith("vmgenid"));
}

/** The description of a saved machine, with another layer of its disk to write to. */
export function withDisk(saved: string, path: string): string {
  const file = text(path).replaceAll("$", "$$$$");
  return saved.replace(/<source file='[^']*\/layer-[0-9a-f]{12}\.qcow2'/, `<source file='${file}'`);
}

function operatingSystem(domain: Domain): string {
  const { hardware } = domain;
  const { architecture, machine } = boardOf(hardware.architecture);
  return `  <os>
    <type arch='${architecture}' machine='${machine}'>hvm</type>
    ${domain.hasKernel ? kernel(domain) : "<boot dev='hd'/>"}
  </os>
  ${hardware.architecture === "amd64" ? "<features><acpi/></features>" : ""}
  ${processor(hardware)}`;
}

/** libvirt knows no models of RISC-V, and refuses to be told one: QEMU's own default is the one that the QEMU driver names. */
function processor({ accelerator, architecture }: Hardware): string {
  if (accelerator !== "tcg") return "<cpu mode='host-passthrough'/>";
  if (architecture === "riscv64") return "";
  const { cpu } = architectureOf(architecture);
  return `<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>${cpu}</model></cpu>`;
}

function kernel(domain: Domain): string {
  const { folder, hasInitrd } = domain;
  const initrd = hasInitrd ? `<initrd>${text(join(folder, IMAGE_FILES.initrd))}</initrd>` : "";
  return `<kernel>${text(join(folder, IMAGE_FILES.kernel))}</kernel>${initrd}
    <cmdline>${text(kernelWords(domain))}</cmdline>`;
}

/** The kernel is told what the QEMU driver tells it. */
function kernelWords(domain: Domain): string {
  const words = argumentsFor({ ...domain, memory: { kind: "plain" }, isIncoming: false });
  return words[words.indexOf("-append") + 1] ?? "";
}

/** The console's log is kept by libvirt, which begins a new file at 2 MiB. */
function devices({ folder, socketFolder, disk, hardware }: Domain): string {
  const own = Array.from({ length: GUEST_PORTS }, (_, port) =>
    channel(join(socketFolder, guestSocket(port)), `cloister.${port}`),
  );
  // libvirt itself connects to a port of this name.
  const foreign = hardware.foreign === undefined ? [] : [channel(join(socketFolder, AGENT_SOCKET), AGENT_PORT)];
  const ports = [...own, ...foreign].join("\n");
  return `    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap' error_policy='report'/>
      <source file='${text(join(folder, disk))}'/>
      <target dev='${DISK}' bus='virtio'/>
    </disk>
    <controller type='usb' model='none'/>
${ports}
    <serial type='pty'><log file='${text(join(folder, CONSOLE_LOG))}' append='on'/><target port='0'/></serial>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='none'/>`;
}

function channel(path: string, name: string): string {
  return `    <channel type='unix'><source mode='bind' path='${text(path)}'/><target type='virtio' name='${name}'/></channel>`;
}

/** What the machine is made of belongs to its owner already, some of it to several machines: libvirt must not give it to anybody else. */
function securityLabel({ user, group }: { readonly user: number; readonly group: number }): string {
  return `  <seclabel type='static' model='dac' relabel='no'><label>+${user}:+${group}</label></seclabel>`;
}

/** Text for XML, between tags or quotation marks. */
function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("'", "&apos;")
    .replaceAll('"', "&quot;");
}
