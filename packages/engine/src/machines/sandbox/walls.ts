import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../tool/index.ts";
import type { DriverProbe, MachineSpec } from "../port.ts";
import { bubblewrapArguments, GUEST_PROGRAM } from "./bubblewrap-arguments.ts";
import { compileFilter } from "./compile-filter.ts";
import { copyTree } from "./copy-tree.ts";
import { makeEtc } from "./make-etc.ts";
import { filterArchitecture, probeSandbox } from "./probe-sandbox.ts";
import { SANDBOX_HOME, type SandboxPlaces, sandboxPlaces } from "./sandbox-folder.ts";
import { seatbeltProfile } from "./seatbelt-profile.ts";

/** What keeps a sandbox's programs in: bubblewrap on Linux, seatbelt on macOS. */
export type Walls = {
  probe(env: Readonly<Record<string, string>>): Promise<DriverProbe>;
  /** Makes what a machine needs besides its disk. */
  furnish(machine: MachineSpec): void;
  /** The command that starts the guest agent inside, and the file of its filter of system calls. */
  command(
    machine: MachineSpec,
    inside: { readonly programs: readonly string[]; readonly guest: string },
  ): WalledCommand;
  home(places: SandboxPlaces): string;
  copy(from: string, into: string): Promise<void>;
};

type WalledCommand = { readonly argv: readonly string[]; readonly filter?: string };

const SERVE = ["serve", "--stdio"];
const COPY_MS = 600_000;

/** Walls of bubblewrap. @param bubblewrap its program: a name that PATH finds, or a path */
export function bubblewrapWalls(bubblewrap: string): Walls {
  return {
    probe: (env) => probeSandbox(bubblewrap, env),
    furnish: ({ folder, id }) => {
      const places = sandboxPlaces(folder);
      makeEtc(places.etc, id);
      writeFileSync(places.filter, compileFilter(filterArchitecture()), { mode: 0o600 });
    },
    command: ({ id, folder, mounts }, { programs, guest }) => {
      const places = sandboxPlaces(folder);
      const command = [GUEST_PROGRAM, ...SERVE];
      const args = bubblewrapArguments({ id, places, programs, mounts, guest, command });
      return { argv: [bubblewrap, ...args], filter: places.filter };
    },
    home: () => SANDBOX_HOME,
    copy: (from, into) => copyTree(from, into, bubblewrap),
  };
}

/** Walls of seatbelt. They show the host's own paths: a machine's files are seen where they lie. */
export function seatbeltWalls(): Walls {
  const home = ({ root }: SandboxPlaces): string => join(root, SANDBOX_HOME);
  return {
    probe: probeSeatbelt,
    furnish: () => undefined,
    command: ({ folder, mounts }, { programs, guest }) => {
      const { disk } = sandboxPlaces(folder);
      const writable = [disk, ...mounts.filter((mount) => mount.writable).map(({ from }) => from)];
      const readable = [guest, ...programs, ...mounts.map(({ from }) => from)];
      return { argv: ["sandbox-exec", "-p", seatbeltProfile({ writable, readable }), guest, ...SERVE] };
    },
    home,
    copy: async (from, into) => {
      mkdirSync(into, { mode: 0o700 });
      await runTool("cp", ["-cRp", `${from}/.`, into], { env: { PATH: "/usr/bin:/bin" }, timeLimitMs: COPY_MS });
    },
  };
}

async function probeSeatbelt(env: Readonly<Record<string, string>>): Promise<DriverProbe> {
  const profile = seatbeltProfile({ writable: [], readable: [] });
  try {
    await runTool("sandbox-exec", ["-p", profile, "/usr/bin/true"], { env, timeLimitMs: 2000 });
    return { usable: true, acceleration: "native", reason: "Seatbelt works here. Only the size of files is limited." };
  } catch (error: unknown) {
    const reason = error instanceof Error ? error.message : String(error);
    return { usable: false, acceleration: "native", reason, remedy: "Use the lima driver." };
  }
}
