import { CloisterError } from "@cloister/core";
import type { MachineSpec } from "../port.ts";

const TEMPLATE_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const DEFAULT_TEMPLATE = "debian";

/**
 * The template of an instance: a template of Lima's own with nothing of the host in it. In Lima's plain mode there are no mounts, no
 * forwarded ports and no agent of Lima's. It is JSON, which is YAML.
 * @param message that marks it in `limactl list`
 * @throws CloisterError `image_invalid` for an image that Lima can't start, `machine_unsupported` for mounts.
 */
export function limaTemplate(machine: MachineSpec, message: string): string {
  if (machine.mounts.length > 0)
    throw new CloisterError({
      code: "machine_unsupported",
      message: "Lima machines have no mounts: plain mode is without them.",
      remedy: "Leave the mounts out: files go in with `cloister machine put`.",
    });
  const { memoryMib, cpus, diskMib } = machine.limits;
  return JSON.stringify({
    minimumLimaVersion: "2.0.0",
    base: [`template:${templateName(machine.image)}`],
    message,
    plain: true,
    cpus: Math.max(1, Math.ceil(cpus)),
    memory: `${memoryMib}MiB`,
    disk: `${diskMib}MiB`,
    mounts: [],
    networks: [],
    containerd: { system: false, user: false },
    ssh: { forwardAgent: false, forwardX11: false, loadDotSSHPubKeys: false },
    // The host's proxy settings may hold a password.
    propagateProxyEnv: false,
  });
}

function templateName(image: MachineSpec["image"]): string {
  if (image === undefined) return DEFAULT_TEMPLATE;
  if (typeof image === "string" && TEMPLATE_NAME.test(image)) return image;
  const what = typeof image === "string" ? JSON.stringify(image) : `image ${image.digest.slice(0, 12)}`;
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected the name of one of Lima's templates, got ${what}.`,
    remedy: "Name one, such as `debian`: images that Cloister built lack what Lima needs to log in.",
  });
}
