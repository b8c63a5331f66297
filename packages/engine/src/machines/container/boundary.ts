import { CloisterError, type MachineLimits, type Mount } from "@cloister/core";
import type { EngineProgram } from "./engine.ts";

/** Where the guest agent's program is in a container. */
export const GUEST_PATH = "/cloister/guest";

/** What the guest agent needs to work for other users; those whom it starts programs as have none of it. */
const CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"];

/** What stands between a container and the host: options of `create` and `run`. */
export function boundaryOptions(program: EngineProgram, limits: MachineLimits): readonly string[] {
  // By itself podman passes the host's proxy settings in, which may hold a password, and puts what an image calls a volume outside
  // of the container's files: beyond their limit, and in no snapshot.
  const podmanOnly = program === "podman" ? ["--http-proxy=false", "--systemd=false", "--image-volume=ignore"] : [];
  const memory = `${limits.memoryMib}m`;
  return [
    "--network=none",
    "--pull=never",
    "--log-driver=none",
    "--user=0:0",
    "--workdir=/",
    "--cap-drop=ALL",
    ...CAPABILITIES.map((name) => `--cap-add=${name}`),
    "--security-opt=no-new-privileges",
    "--cgroupns=private",
    `--memory=${memory}`,
    // As much with swap as without: no swap.
    `--memory-swap=${memory}`,
    `--cpus=${limits.cpus}`,
    `--pids-limit=${limits.processes}`,
    ...podmanOnly,
  ];
}

/**
 * Options that make folders and files of the host visible in a container.
 * @throws CloisterError `machine_unsupported` for a path that the engines' comma-separated form can't carry.
 */
export function mountOptions(mounts: readonly Mount[]): readonly string[] {
  return mounts.flatMap(({ from, to, writable }) => {
    for (const path of [from, to]) checkPath(path);
    return ["--mount", `type=bind,source=${from},target=${to}${writable ? "" : ",readonly"}`];
  });
}

function checkPath(path: string): void {
  if (/^\/[^,"\n\0]*$/.test(path)) return;
  throw new CloisterError({
    code: "machine_unsupported",
    message: `Expected an absolute path without commas and quotation marks to mount in a container, got ${JSON.stringify(path)}.`,
  });
}
