import { resolve } from "node:path";
import { CloisterError } from "@cloister/core";
import { type Machine, type MachineOptions, parseDriveOption, parseShareOption } from "@cloister/vm";
import { createFolderTree, openDisk, serveVsock } from "@cloister/vm/node";
import type { VmRunOptions } from "../../definitions/vm.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** The guest's number on its socket device: the first that may be given. */
const GUEST_CONTEXT = 3;

/** Devices that the command line names. Disposing of it ends what they had under way, but for the drives, which are the machine's to close. */
export type RunDevices = AsyncDisposable & {
  readonly options: Pick<MachineOptions, "drives" | "driveIds" | "shares" | "network" | "vsockContext">;
  /** Joins the machine that has the devices to this host. @throws VmError `option_invalid` */
  attach(machine: Machine): Promise<void>;
};

type DeviceOptions = Pick<VmRunOptions, "drive" | "share" | "network" | "allowHost" | "vsock">;

/**
 * Opens the devices.
 * @throws VmError where a drive or share can't be opened; CloisterError `usage_invalid` for hosts to reach without a network
 */
export async function openDevices(options: DeviceOptions, terminal: Terminal): Promise<RunDevices> {
  const { drive = [], share = [], vsock } = options;
  const { cwd } = terminal;
  await using opened = new AsyncDisposableStack();
  const network = await openNetwork(options, terminal, opened);
  const devices = {
    drives: drive.map((text) => openDrive(text, cwd)),
    driveIds: drive.map((text) => resolve(cwd, parseDriveOption(text).path)),
    shares: share.map((text) => openShare(text, cwd)),
    ...(network === undefined ? {} : { network }),
    ...(vsock === undefined ? {} : { vsockContext: GUEST_CONTEXT }),
  };
  const stack = opened.move();
  return {
    options: devices,
    async attach(machine) {
      if (vsock !== undefined && machine.devices.vsock !== undefined)
        stack.use(await serveVsock(machine.devices.vsock, resolve(cwd, vsock)));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function openNetwork(
  { network, allowHost = [] }: DeviceOptions,
  terminal: Terminal,
  opened: AsyncDisposableStack,
): Promise<MachineOptions["network"]> {
  if (network === undefined && allowHost.length > 0)
    throw new CloisterError({
      code: "usage_invalid",
      message: "Expected a network with the hosts that may be reached.",
      remedy: "Add --network user, or leave --allow-host out.",
    });
  if (network === undefined) return undefined;
  // Only who has a network waits for what it is made of.
  const { openEgress } = await import("./run-network.ts");
  return { outbound: opened.use(openEgress(allowHost, terminal)).outbound };
}

function openDrive(text: string, cwd: string): ReturnType<typeof openDisk> {
  const { path, ...settings } = parseDriveOption(text);
  return openDisk({ path: resolve(cwd, path), ...settings });
}

function openShare(text: string, cwd: string): NonNullable<MachineOptions["shares"]>[number] {
  const { path, tag, readOnly } = parseShareOption(text);
  const folder = resolve(cwd, path);
  try {
    return { tag, readOnly, tree: createFolderTree(folder) };
  } catch (cause) {
    throw new CloisterError({
      code: "usage_invalid",
      message: `Expected a folder to share: ${String(cause)}`,
      file: folder,
      cause,
    });
  }
}
