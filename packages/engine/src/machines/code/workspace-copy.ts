import { createReadStream, createWriteStream } from "node:fs";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { GuestConnection } from "../guest/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { GIVE_OUT, MAKE_FOLDER, TAKE_IN } from "./guest-scripts.ts";
import { type HostTree, MAX_FILES, OWN_REFS } from "./host-tree.ts";

/** What a copy of a workspace is made of. */
export type WorkspaceCopyOptions = {
  readonly guest: GuestConnection;
  readonly host: HostTree;
  /** Absolute path, the same here and there. */
  readonly workspace: string;
  readonly branch: string;
  /** On the host: where bundles lie. */
  readonly folder: string;
  /** In the machine: where bundles lie. Absolute. */
  readonly guestFolder: string;
  /** In the machine. Undefined: the agent's own. */
  readonly user: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Bytes that may come out. */
  readonly maxBytes: number;
};

/** What both sides are known to have. */
type Common = { readonly head: string; readonly carrier: string; readonly tree: string };

/** The workspace of a run in a machine: a clone of its own, which git bundles keep equal to the host's. */
export class WorkspaceCopy {
  readonly #options: WorkspaceCopyOptions;
  #common: Common | undefined;
  /** Files that it was given by name: they are in no tree. */
  #given: readonly string[] = [];

  constructor(options: WorkspaceCopyOptions) {
    this.#options = options;
  }

  /** See `RunMachine.bringIn`. */
  async bringIn(files: readonly string[]): Promise<void> {
    const { guest, host, workspace, branch, guestFolder } = this.#options;
    if (this.#common === undefined) for (const path of [workspace, guestFolder]) await this.makeFolder(path);
    // What is given by name must not get into the machine's repository, where it would stay.
    const inside = files.filter((file) => file.startsWith(`${workspace}/`)).map((file) => relative(workspace, file));
    const [tree, head] = await Promise.all([host.tree(inside), host.head()]);
    const known = this.#common;
    const common = known?.tree === tree && known.head === head ? known : await this.#send(tree, head);
    await this.#takeOutGiven();
    const bundle = join(guestFolder, "in.bundle");
    await this.#run(TAKE_IN, [workspace, bundle, branch, common.head, common.carrier]);
    this.#common = common;
    this.#given = files;
    for (const file of files) await this.#put(guest, file);
  }

  /** See `RunMachine.bringOut`. */
  async bringOut(): Promise<void> {
    const { guest, host, workspace, folder, guestFolder, maxBytes } = this.#options;
    const common = this.#common;
    if (common === undefined) return;
    const [made, here] = [join(guestFolder, "out.bundle"), join(folder, "out.bundle")];
    const said = await this.#run(GIVE_OUT, [workspace, made, common.carrier]);
    if (said.trim() === "same") return;
    await pipeline(Readable.from(guest.getFile(made, { maxBytes })), createWriteStream(here, { mode: 0o600 }));
    const taken = await host.adopt(here, "refs/cloister/out", { maxBytes, maxFiles: MAX_FILES });
    this.#common = { head: common.head, ...taken };
  }

  async #send(tree: string, head: string): Promise<Common> {
    const { guest, host, guestFolder, user } = this.#options;
    const carrier = await host.carrier(tree, head);
    const known = this.#common;
    const refs = { [`${OWN_REFS}head`]: head, [`${OWN_REFS}wanted`]: carrier };
    const bundle = await host.bundle(refs, known === undefined ? [] : [known.carrier]);
    const owner = user === undefined ? {} : { user };
    await guest.putFile(join(guestFolder, "in.bundle"), createReadStream(bundle), { mode: 0o600, ...owner });
    return { head, carrier, tree };
  }

  /** By the agent's own user: folders on the way to them may be its. */
  async #takeOutGiven(): Promise<void> {
    const { guest, env } = this.#options;
    if (this.#given.length > 0) await runInGuest(guest, { argv: ["rm", "-rf", "--", ...this.#given], cwd: "/", env });
    this.#given = [];
  }

  async #put(guest: GuestConnection, file: string): Promise<void> {
    const { user, workspace } = this.#options;
    // In the workspace, folders on the way are its user's; elsewhere they are not, and may be read by everybody.
    const isInside = file.startsWith(`${workspace}/`);
    await guest.putFile(file, createReadStream(file), user === undefined || !isInside ? {} : { user });
  }

  /** See `RunMachine.makeFolder`. */
  async makeFolder(path: string): Promise<void> {
    const { guest, user, env } = this.#options;
    await runInGuest(guest, { argv: ["/bin/sh", "-c", MAKE_FOLDER, "sh", path, user ?? ""], cwd: "/", env });
  }

  async #run(script: string, args: readonly string[]): Promise<string> {
    const { guest, user, env } = this.#options;
    const owner = user === undefined ? {} : { user };
    const argv = ["/bin/sh", "-c", script, "sh", ...args];
    return (await runInGuest(guest, { argv, cwd: "/", env, ...owner, timeLimitMs: 10 * 60_000 })).stdout;
  }
}
