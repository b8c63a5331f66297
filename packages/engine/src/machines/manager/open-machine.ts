import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CloisterError } from "@cloister/core";
import { createEgress, hostTrustBundle } from "../egress/index.ts";
import type { Egress } from "../egress/port.ts";
import { connectGuest } from "../guest/connect-guest.ts";
import type { GuestConnection } from "../guest/port.ts";
import { type LimitBreach, stoppedByLimits, watchGuestLimits } from "../limits/index.ts";
import type { MachineSpec, MachineSurroundings } from "../port.ts";
import { startMachine, type Workpiece } from "./change-machine.ts";
import type { ManagerContext } from "./context.ts";
import { egressSeed } from "./egress-seed.ts";
import type { MachineView, OpenMachine, OpenOptions } from "./port.ts";
import { readSecrets } from "./read-secrets.ts";

/** Where the egress proxy listens in a machine, unless it is told otherwise. */
export const EGRESS_PORT = 3128;

/** Connects to a machine, and opens its way out. See `MachineManager.open`. */
export async function openMachine(
  context: ManagerContext,
  { driver, machine, spec }: Workpiece,
  { view, ...options }: OpenOptions & { readonly view: MachineView },
): Promise<OpenMachine> {
  await using stack = new AsyncDisposableStack();
  await makeRunning(context, { driver, machine, spec });
  const transport = await driver.connect(spec);
  stack.defer(transport.close);
  const guest = stack.use(await connectGuest(transport));
  if (driver.isolation === "virtual_machine") {
    await guest.setClock(context.now());
    const onBreach = (breach: LimitBreach): void => void transport.stream.destroy(stoppedByLimits(breach));
    stack.use(watchGuestLimits({ guest, limits: spec.limits, onBreach }));
  }
  const surroundings = driver.surroundings(spec);
  const opened = { context, spec, guest, surroundings, stack, policy: machine.policy, options };
  const wayOut = surroundings.hostNetwork ? withoutWayOut(opened) : await openWayOut(opened);
  const kept = stack.move();
  return {
    view: { ...view, state: "running" },
    spec,
    guest,
    surroundings,
    env: { ...surroundings.env, ...wayOut.env },
    warnings: wayOut.warnings,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function makeRunning(context: ManagerContext, { driver, machine, spec }: Workpiece): Promise<void> {
  const state = await driver.state(spec);
  if (state === "running") return;
  if (state === "stopped") return startMachine(context, machine.id);
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected machine ${machine.name} to run, it is ${state}.`,
    remedy:
      state === "paused"
        ? `Let it go on: cloister machine resume ${machine.name}`
        : "Clear it away: cloister machine prune",
  });
}

type Opened = {
  readonly context: ManagerContext;
  readonly spec: MachineSpec;
  readonly guest: GuestConnection;
  readonly surroundings: MachineSurroundings;
  readonly stack: AsyncDisposableStack;
  readonly policy: MachineView["policy"];
  readonly options: OpenOptions;
};
type WayOut = { readonly env: Readonly<Record<string, string>>; readonly warnings: readonly string[] };

/** It has the host's network: nothing can be kept from it, and nothing needs to be carried there. */
function withoutWayOut({ policy }: Opened): WayOut {
  const secrets = policy.secrets.map(({ variable }) => variable);
  const warnings = ["This machine has the network of the host: what it reaches can't be limited."];
  if (secrets.length > 0) warnings.push(`Nothing puts secrets in for it: it does not have ${secrets.join(", ")}.`);
  return { env: {}, warnings };
}

async function openWayOut({ context, spec, guest, surroundings, stack, policy, options }: Opened): Promise<WayOut> {
  const trust = await hostTrustBundle(context.env);
  const trustBundlePath = `${surroundings.home}/.cloister/trust.pem`;
  const egress = createEgress({
    rules: policy.egress,
    secrets: readSecrets(policy.secrets, context.env),
    seed: egressSeed(spec.folder),
    trustBundlePath,
    onDecision: options.onDecision ?? ((): void => undefined),
    now: context.now,
    ...(trust === undefined ? {} : { trust }),
  });
  stack.use(egress);
  const { egressPort = EGRESS_PORT } = options;
  stack.use(await guest.listen(egressPort, (stream) => egress.accept(stream)));
  for (const port of options.carryPorts ?? []) stack.use(await guest.listen(port, (stream) => carry(stream, port)));
  await bringTrust(guest, surroundings, { egress, path: trustBundlePath });
  return { env: egress.environment(egressPort), warnings: [] };
}

/** Carries a connection in the machine to the same port of the host. */
function carry(stream: Duplex, port: number): void {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  // Whatever ends one side ends the other: pipeline destroys both, and neither side needs to be told why.
  pipeline(stream, socket, stream).catch(() => undefined);
}

/** Puts what the machine must trust where its variables say that it is. */
async function bringTrust(
  guest: GuestConnection,
  { user }: MachineSurroundings,
  { egress: { trustBundle }, path }: { readonly egress: Egress; readonly path: string },
): Promise<void> {
  if (trustBundle === undefined) return;
  await guest.putFile(path, bytesOf(trustBundle), { mode: 0o644, ...(user === undefined ? {} : { user }) });
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
