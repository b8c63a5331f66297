import { CloisterError } from "@cloister/core";
import type { DriverProbe } from "../port.ts";
import { boardOf } from "./board.ts";
import { type Libvirt, libvirtOf, runVirsh, START_LIBVIRT } from "./virsh.ts";
import { hostArchitecture } from "../qemu/architecture.ts";
import { type QemuFinding, probeQemu } from "../qemu/probe.ts";

/** What was found of libvirt on this host. */
export type LibvirtFinding = {
  readonly probe: DriverProbe;
  /** What QEMU can do: with KVM only where libvirt may use it as well. */
  readonly qemu: QemuFinding;
};

/**
 * Finds out what libvirt can do here: a guest is run on KVM, and libvirt is asked what it would run one with. Never rejects.
 * @param timeLimitMs for what libvirt says; QEMU is tried for 3 s at most
 */
export async function probeLibvirt(
  env: Readonly<Record<string, string>>,
  timeLimitMs: number,
): Promise<LibvirtFinding> {
  const deadline = performance.now() + timeLimitMs;
  const [qemu, found] = await Promise.all([probeQemu(env), emulationOf(env, timeLimitMs)]);
  if (!found.usable) return { probe: found, qemu };
  if (!qemu.probe.usable) return { probe: qemu.probe, qemu };
  const refused = qemu.accelerator === "tcg" ? undefined : await refusal(libvirtOf(env), qemu, deadline);
  const acceleration = refused === undefined ? qemu.accelerator : "tcg";
  const reason = `${found.reason} ${refused ?? qemu.probe.reason}`;
  return { probe: { ...qemu.probe, ...found, acceleration, reason }, qemu: { ...qemu, accelerator: acceleration } };
}

/** Whether libvirt answers, and can run emulated machines. */
async function emulationOf(env: Readonly<Record<string, string>>, timeLimitMs: number): Promise<DriverProbe> {
  const acceleration = "tcg";
  try {
    const libvirt = libvirtOf(env);
    const [{ stdout }, , capabilities] = await Promise.all([
      runVirsh(libvirt, ["--version"], { timeLimitMs }),
      runVirsh(libvirt, ["list", "--name"], { timeLimitMs }),
      capabilityFailure(libvirt, "qemu", timeLimitMs),
    ]);
    const version = stdout.trim();
    if (capabilities === undefined)
      return { usable: true, acceleration, reason: `libvirt ${version} answers.`, version };
    const reason = `libvirt ${version} answers, but does not say what QEMU can do: ${capabilities}`;
    return { usable: false, acceleration, reason, remedy: KEEP_FROM_KVM, version };
  } catch (error: unknown) {
    const { message, remedy = START_LIBVIRT } = CloisterError.isInstance(error) ? error : { message: String(error) };
    return { usable: false, acceleration, reason: message, remedy };
  }
}

const KEEP_FROM_KVM =
  "Try again: libvirt looks every QEMU over when it is first asked. On a host whose KVM does not work, keep libvirt from /dev/kvm: docs/machines.md says how.";

/** Why libvirt would not run a guest on what a trial guest ran on; undefined where it would. */
async function refusal(libvirt: Libvirt, { accelerator }: QemuFinding, deadline: number): Promise<string | undefined> {
  const left = Math.max(100, deadline - performance.now());
  const failure = await capabilityFailure(libvirt, accelerator, left);
  if (failure === undefined) return undefined;
  return `A trial guest ran on ${accelerator.toUpperCase()}, but libvirt does not use it (${failure}): it emulates the processor.`;
}

async function capabilityFailure(libvirt: Libvirt, type: string, timeLimitMs: number): Promise<string | undefined> {
  const { architecture, machine } = boardOf(hostArchitecture());
  const wanted = ["--virttype", type, "--arch", architecture, "--machine", machine];
  try {
    await runVirsh(libvirt, ["domcapabilities", ...wanted], { timeLimitMs });
    return undefined;
  } catch (error: unknown) {
    return error instanceof Error ? error.message : String(error);
  }
}
