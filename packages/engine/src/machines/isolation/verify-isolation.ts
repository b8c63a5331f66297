/**
 * Proves on this host, with things that must not be reached, that a driver's machines are apart from it. Each trial is made from inside,
 * by a program that tries; what could not be tried counts as not proven.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_MACHINE_POLICY, type DriverName } from "@cloister/core";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { MachineManager, OpenMachine } from "../manager/port.ts";
import { type Canaries, openCanaries } from "./canaries.ts";

/** One trial and what came of it. `held`: the boundary held; undefined: it could not be tried. */
export type IsolationTrial = { readonly trial: string; readonly held: boolean | undefined; readonly found: string };

/** What a trial stands on. */
type TrialContext = { readonly machine: OpenMachine; readonly canaries: Canaries };
type Trial = {
  readonly trial: string;
  readonly run: (context: TrialContext) => Promise<Pick<IsolationTrial, "held" | "found">>;
};

/** The variable that Cloister's own process has, and no machine must. */
const SECRET_VARIABLE = "CLOISTER_ISOLATION_CANARY";
/** Connects to \`$1\` port \`$2\` with whatever the machine has; 0: connected, 1: not, 3: nothing to try with. */
const CONNECT = `
if command -v bash >/dev/null; then timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>/dev/null && exit 0; exit 1; fi
if command -v python3 >/dev/null; then python3 -c 'import socket,sys; socket.create_connection((sys.argv[1],int(sys.argv[2])),3)' "$1" "$2" 2>/dev/null && exit 0; exit 1; fi
if command -v nc >/dev/null; then nc -w 3 "$1" "$2" </dev/null >/dev/null 2>&1 && exit 0; exit 1; fi
exit 3`;
const NOTHING_TO_TRY = 3;

const TRIALS: readonly Trial[] = [
  {
    trial: "a file of yours can't be read",
    run: ({ machine, canaries }) => mustNotPrint(machine, ["cat", canaries.file], canaries.word),
  },
  { trial: "your home folder is not there", run: ({ machine }) => mustFail(machine, ["ls", join(homedir(), ".ssh")]) },
  { trial: "nothing of the host can be written", run: writeTrial },
  {
    trial: "the host's programs can't be changed",
    run: ({ machine }) => mustFail(machine, ["/bin/sh", "-c", "echo x > /usr/bin/cloister-canary"]),
  },
  {
    trial: "your variables are not there",
    run: ({ machine, canaries }) => mustNotPrint(machine, ["env"], canaries.word),
  },
  { trial: "the host's processes can't be seen", run: processTrial },
  {
    trial: "a server on the host's loopback can't be reached",
    run: ({ machine, canaries }) => mustNotConnect(machine, "127.0.0.1", canaries),
  },
  {
    trial: "a server on the host's own address can't be reached",
    run: ({ machine, canaries }) => mustNotConnect(machine, canaries.address, canaries),
  },
  { trial: "there is no network device but loopback", run: deviceTrial },
];

/**
 * Makes a machine of the driver, tries to get out of it, and removes it.
 * @throws CloisterError as making and opening a machine does.
 */
export async function verifyIsolation(
  machines: MachineManager,
  { driver, image }: { readonly driver: DriverName; readonly image?: string },
): Promise<readonly IsolationTrial[]> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-canary-"));
  const word = randomBytes(16).toString("hex");
  const file = join(folder, "canary");
  writeFileSync(file, word);
  process.env[SECRET_VARIABLE] = word;
  try {
    await using canaries = await openCanaries({ word, file });
    const source = image === undefined ? {} : { image };
    const made = await machines.create({ driver, policy: DEFAULT_MACHINE_POLICY, ...source });
    try {
      await using machine = await machines.open(made.id);
      const found: IsolationTrial[] = [];
      for (const { trial, run } of TRIALS) found.push({ trial, ...(await run({ machine, canaries })) });
      return found;
    } finally {
      await machines.remove(made.id);
    }
  } finally {
    delete process.env[SECRET_VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  }
}

type Outcome = Pick<IsolationTrial, "held" | "found">;

async function attempt(
  { guest, env, surroundings }: OpenMachine,
  argv: readonly string[],
): Promise<{ code: number; stdout: string }> {
  const allow = Array.from({ length: 256 }, (_, code) => code);
  const { user } = surroundings;
  return runInGuest(guest, { argv, env, cwd: "/", allow, ...(user === undefined ? {} : { user }) });
}

async function mustNotPrint(machine: OpenMachine, argv: readonly string[], word: string): Promise<Outcome> {
  const { stdout } = await attempt(machine, argv);
  const held = !stdout.includes(word);
  return { held, found: held ? "not there" : "it was read" };
}

async function mustFail(machine: OpenMachine, argv: readonly string[]): Promise<Outcome> {
  const { code } = await attempt(machine, argv);
  return { held: code !== 0, found: code === 0 ? "it went through" : "refused" };
}

async function mustNotConnect(machine: OpenMachine, address: string, canaries: Canaries): Promise<Outcome> {
  const before = canaries.hits();
  const { code } = await attempt(machine, ["/bin/sh", "-c", CONNECT, "sh", address, String(canaries.port)]);
  const wasHit = canaries.hits() > before;
  if (wasHit || code === 0) return { held: false, found: "it was reached" };
  return code === NOTHING_TO_TRY
    ? { held: undefined, found: "the machine has nothing to try with" }
    : { held: true, found: "refused" };
}

/** The file itself tells: what a machine says of its own success is no evidence. */
async function writeTrial({ machine, canaries }: TrialContext): Promise<Outcome> {
  await attempt(machine, ["/bin/sh", "-c", 'echo changed > "$1"', "sh", canaries.file]);
  const held = readFileSync(canaries.file, "utf8") === canaries.word;
  return { held, found: held ? "the host's file did not change" : "the host's file was changed" };
}

async function processTrial({ machine }: TrialContext): Promise<Outcome> {
  const script = 'for name in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$name" 2>/dev/null; echo; done';
  const { stdout } = await attempt(machine, ["/bin/sh", "-c", script]);
  const own = readFileSync("/proc/self/cmdline", "utf8").replaceAll("\0", " ").trim();
  const held = own === "" || !stdout.includes(own);
  return { held, found: held ? "not seen" : "Cloister's own process was seen" };
}

async function deviceTrial({ machine }: TrialContext): Promise<Outcome> {
  const { code, stdout } = await attempt(machine, ["/bin/sh", "-c", "cat /proc/net/dev"]);
  if (code !== 0) return { held: undefined, found: "the machine does not say" };
  const devices = stdout.split("\n").flatMap((line) => /^\s*([\w.-]+):/.exec(line)?.[1] ?? []);
  const others = devices.filter((name) => name !== "lo" && !UNUSED_TUNNELS.has(name));
  return { held: others.length === 0, found: others.length === 0 ? "loopback alone" : `found ${others.join(", ")}` };
}

/** Made by the kernel in each network namespace, and down until somebody with rights over it brings them up. */
const UNUSED_TUNNELS: ReadonlySet<string> = new Set([
  "tunl0",
  "sit0",
  "gre0",
  "gretap0",
  "erspan0",
  "ip_vti0",
  "ip6_vti0",
  "ip6tnl0",
  "ip6gre0",
]);
