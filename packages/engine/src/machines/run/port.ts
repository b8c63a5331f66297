/**
 * Where the processes of a run run. Owns: the way of files into the machine and back. The loop works on the workspace on the host as
 * ever, and says when the machine is to have it, and when it is to have what the machine made of it.
 *
 * Invariants:
 * W1. Nothing of the machine is run on the host, and nothing that it made is followed: its files come back as git objects, checked, into
 *     the workspace alone, without links.
 * W2. The machine has no file of the host but the workspace's, and those that it is given by name.
 */
import type { StartProcess } from "../../process/port.ts";

/** The machine of a run: for the loop, the host's own processes look the same. */
export interface RunMachine extends AsyncDisposable {
  /** Starts processes in it. Paths of the workspace are the same as on the host. */
  readonly startProcess: StartProcess;
  /** The environment of agents, gates and set-up. */
  readonly env: Readonly<Record<string, string>>;
  /** True where processes run as root in it. */
  readonly asRoot: boolean;
  /** False where nothing has to be brought in and out: its processes work on the host's files. */
  readonly isApart: boolean;
  /**
   * Makes the machine's workspace equal to the host's, files that git ignores aside, and takes out what was given by name before.
   * @param files absolute paths of regular files on the host, which it gets at the same place.
   * @throws CloisterError `machine_failed`
   */
  bringIn(files?: readonly string[]): Promise<void>;
  /** Makes the host's workspace equal to the machine's, files that git ignores aside. @throws CloisterError `machine_failed` */
  bringOut(): Promise<void>;
  /** Makes a folder that its processes can write to, at the same place as on the host. */
  makeFolder(path: string): Promise<void>;
  /** Fetches one file to the same place on the host, where the machine has a regular one of `maxBytes` at most. */
  fetch(path: string, maxBytes: number): Promise<void>;
  /** Is the program there? @param file absolute, or looked up on the PATH of `env`. */
  hasProgram(file: string): Promise<boolean>;
}
