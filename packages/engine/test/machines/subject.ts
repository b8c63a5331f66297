/** What the conformance suite runs its cases on: one driver of this host, through the manager that users have. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DriverName, MachineLimits, MachinePolicy } from "@cloister/core";
import { startCanary, type Canary } from "../../src/machines/egress/testing/canary.ts";
import type { CreateRequest, DriverView, MachineManager, OpenMachine } from "../../src/machines/manager/port.ts";
import { openMachines } from "../../src/machines/open-machines.ts";
import type { MachinePlaces } from "../../src/machines/places.ts";
import type { OptionalOperation } from "../../src/machines/port.ts";
import { processesWith, type Remain, remainsOf } from "../../src/machines/testing/remains.ts";
import { makeTestHome, type TestHome } from "../../src/machines/testing/test-home.ts";

/** What the machines of a driver need on this host. */
export type Prepared = {
  /** Besides the home's own variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly image?: string;
  /** Folders in which it leaves something of a machine, besides those that all drivers have. */
  readonly folders?: readonly string[];
  /** What the tool behind it lists: names with ids of machines. */
  readonly inventory?: () => string;
  /** BusyBox for its machines, static: where those are of another architecture than this host. */
  readonly busybox?: string;
  readonly dispose?: () => Promise<void>;
};

/** A driver, as the suite is told of it. */
export type DriverUnderTest = {
  readonly name: DriverName;
  readonly limits: MachineLimits;
  /** Of the points at which the process that holds a machine is killed, every so many-th: where each takes a boot or two. Default: 1. */
  readonly everyNthKill?: number;
  readonly prepare?: (home: TestHome) => Promise<Prepared>;
};

/** A driver under test, with a machine `main` that all cases share. */
export interface Subject extends AsyncDisposable {
  readonly name: DriverName;
  readonly env: Readonly<Record<string, string>>;
  readonly places: MachinePlaces;
  readonly manager: MachineManager;
  readonly view: DriverView;
  readonly limits: MachineLimits;
  readonly everyNthKill: number;
  /** Path on this host of BusyBox for the machine: a static program with what is needed for trials, for machines that lack it. */
  readonly busybox: string;
  /** A server on the host's loopback that `main` may reach, through the proxy. */
  readonly allowed: Canary;
  /** One that it may not. */
  readonly forbidden: Canary;
  /** Value of the secret that `main` has a placeholder of, in the variable {@link SECRET_VARIABLE}. */
  readonly secret: string;
  /** What {@link marked} finds: `NAME=VALUE`. */
  readonly mark: string;
  readonly can: (operation: OptionalOperation) => boolean;
  readonly request: (name: string, policy?: Partial<MachinePolicy>) => CreateRequest;
  /** The machine `main`, open; opened anew where {@link close} has ended that. */
  readonly main: () => Promise<OpenMachine>;
  readonly close: () => Promise<void>;
  /** What is on the host of machines other than `main`. */
  readonly remains: () => readonly Remain[];
  /** Programs on the host that were started with {@link mark} in their environment. */
  readonly marked: () => readonly number[];
}

/** What a driver must do, by sentences whose subject is the machine. */
export type Cases = Readonly<Record<string, (subject: Subject, context: TestContext) => Promise<void>>>;

/** The variable of the secret of `main`. */
export const SECRET_VARIABLE = "CONFORMANCE_TOKEN";

/** Prepares a driver, makes `main` and opens it. */
export async function startSubject({ name, limits, everyNthKill = 1, prepare }: DriverUnderTest): Promise<Subject> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(makeTestHome());
  const prepared = (await prepare?.(home)) ?? {};
  stack.defer(async () => prepared.dispose?.());
  const secret = `conformance-${randomBytes(16).toString("hex")}`;
  const env = { ...home.env, ...prepared.env, [SECRET_VARIABLE]: secret };
  const [allowed, forbidden] = [stack.use(await canary()), stack.use(await canary())];
  const manager = stack.use(openMachines(env));
  const view = await askDriver(manager, name);
  const mark = `CONFORMANCE_MARK=${randomBytes(8).toString("hex")}`;
  const opened = new MainMachine(manager);
  const subject: Omit<Subject, keyof AsyncDisposable> = {
    name,
    env,
    places: home.places,
    manager,
    view,
    limits,
    everyNthKill,
    busybox: prepared.busybox ?? "/bin/busybox",
    allowed,
    forbidden,
    secret,
    mark,
    can: (operation) => view.operations.includes(operation),
    request: (machine, policy = {}) => ({
      driver: name,
      name: machine,
      policy: { limits, egress: [], secrets: [], mounts: [], copyCredentials: false, ...policy },
      ...(prepared.image === undefined ? {} : { image: prepared.image }),
    }),
    main: () => opened.open(),
    close: () => opened.close(),
    remains: () => {
      const { folders = [], inventory = () => "" } = prepared;
      const found = remainsOf(home.places, { folders, inventory: inventory() });
      return found.filter(({ id }) => id !== opened.id);
    },
    marked: () => processesWith(mark),
  };
  await createMain(subject, opened);
  stack.defer(() => opened.remove());
  const held = stack.move();
  return { ...subject, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** A probe gives up after some seconds, which a host that is busy with other tests may need for nothing. */
const MOST_PROBES = 12;

/** What a driver says of itself: again where time alone kept it from finding out. */
async function askDriver(manager: MachineManager, name: DriverName): Promise<DriverView> {
  for (let probe = 1; ; probe++) {
    const view = (await manager.drivers()).find((driver) => driver.name === name);
    if (view === undefined) throw new Error(`there is no driver ${name}`);
    const ranOutOfTime = !view.usable && /did not end in time|no time left|still being compiled/.test(view.reason);
    if (!ranOutOfTime || probe === MOST_PROBES) return view;
  }
}

async function createMain({ manager, request, allowed }: Omit<Subject, keyof AsyncDisposable>, main: MainMachine) {
  const target = { host: "127.0.0.1", port: allowed.port };
  const secrets = [{ ...target, variable: SECRET_VARIABLE, header: "authorization" }];
  main.id = (await manager.create(request("main", { egress: [target], secrets }))).id;
}

function canary(): Promise<Canary> {
  const answer: Parameters<typeof startCanary>[0]["answer"] = ({ headers }, response) =>
    void response.end(`canary heard ${headers.authorization ?? "nothing"}`);
  return startCanary({ address: "127.0.0.1", port: 0, answer });
}

class MainMachine {
  id = "";
  readonly #manager: MachineManager;
  #opened: OpenMachine | undefined;

  constructor(manager: MachineManager) {
    this.#manager = manager;
  }

  async open(): Promise<OpenMachine> {
    return (this.#opened ??= await this.#manager.open("main"));
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.[Symbol.asyncDispose]();
  }

  async remove(): Promise<void> {
    await this.close();
    await this.#manager.remove("main");
  }
}

/** A folder of a machine that snapshots hold and copies have. */
export function keptFolder({ surroundings, spec }: OpenMachine, name: DriverName): string {
  return name === "host" ? join(spec.folder, "disk") : surroundings.home;
}
