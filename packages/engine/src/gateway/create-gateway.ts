import type { IncomingMessage, ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { type Provider, PROVIDERS } from "@cloister/core";
import { createContextWatch } from "./context/index.ts";
import { findUpstreams, type Vault } from "./credentials/index.ts";
import { createGrants, type Grant } from "./grants.ts";
import { createLedger, type WriteEvents } from "./ledger.ts";
import { createLimitGate, type SharedLimitGate, type UpstreamHealth } from "./limits/index.ts";
import { createPriceList } from "./money/index.ts";
import type { GatewayPolicy } from "./policy.ts";
import type { GatewayObserver, Identity, Recorder } from "./port.ts";
import { createSafetyInspector } from "./safety/index.ts";
import { createBodyReader } from "./server/body-reader.ts";
import { type Entrance, handleRequest } from "./server/handle-request.ts";
import { listen } from "./server/listen.ts";
import { createPools } from "./server/pools.ts";
import type { Patience } from "./server/send.ts";
import { createSpendGate, type SpendBooks } from "./spend-gate.ts";

/** How a gateway is made. */
export type GatewayOptions = SpendBooks & {
  readonly policy: GatewayPolicy;
  /** The caller's environment: it names upstreams, and a proxy to them. */
  readonly env: Readonly<Record<string, string>>;
  readonly vault: Vault;
  readonly write: WriteEvents;
  /** Told where the ledger could not be written. No request leaves from then on. */
  readonly onFailure: (error: unknown) => void;
  readonly observers?: readonly GatewayObserver[];
  readonly recorder?: Recorder;
  /** 0, or left out: any free port. */
  readonly port?: number;
  readonly patience?: Patience;
};

/** A gateway that listens on loopback. */
export interface Gateway extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. Clients of OpenAI's wires add `/v1`. */
  readonly url: string;
  /** Providers for which it has a credential. */
  readonly providers: readonly Provider[];
  admit(identity: Identity): Grant;
  /** Upstreams and credentials as they are now. */
  health(): readonly UpstreamHealth[];
  /** Cuts what is under way off, settles it, and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** A model may think for minutes before it says a word. */
const PATIENCE: Patience = { firstByteMs: 600_000, idleMs: 300_000 };

/**
 * Where objects of one kind outlived others, V8 makes the next ones among the old objects at once. All of a request's objects lead to one
 * another, so that one of them there, dead or not, keeps its request and its body until the next collection of everything. For the whole
 * process; decision 16.
 */
const ALL_BEGIN_YOUNG = "--no-allocation-site-pretenuring";

/**
 * Opens the door to the providers.
 * @throws CloisterError `gateway_failed` where it can't listen.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  setFlagsFromString(ALL_BEGIN_YOUNG);
  const grants = createGrants();
  const pools = createPools(options.env);
  const entrance = await furnish(options, { grants, pool: pools.of });
  const handle = (incoming: IncomingMessage, response: ServerResponse): void =>
    void handleRequest(entrance, incoming, response);
  const listening = await listen(options.port ?? 0, handle);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= shut());
  const shut = async (): Promise<void> => {
    await grants.endAll();
    await listening.close();
    await pools.close();
    await entrance.ledger.flush();
  };
  return {
    url: `http://127.0.0.1:${listening.port}`,
    providers: PROVIDERS.filter((provider) => options.vault.credentials(provider).length > 0),
    admit(identity) {
      const { token, end } = grants.admit(identity);
      return { token, end: () => end().then(() => entrance.ledger.flush()) };
    },
    health: () => entrance.limits.health(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Shared = Pick<Entrance, "grants" | "pool">;

async function furnish(
  options: GatewayOptions,
  { grants, pool }: Shared,
): Promise<Entrance & { readonly limits: SharedLimitGate }> {
  const { policy, env, vault, recorder } = options;
  const started = Date.now().toString(36);
  let count = 0;
  return {
    grants,
    pool,
    bodies: createBodyReader(),
    endpoints: policy.endpoints,
    createId: () => `${started}-${(count += 1)}`,
    limits: createLimitGate({
      credentials: (provider) => vault.credentials(provider),
      upstreams: findUpstreams(env, policy),
      policy,
      now: Date.now,
      refresh: (label) => vault.refresh(label),
    }),
    patience: options.patience ?? PATIENCE,
    safety: createSafetyInspector(policy.safety),
    prices: await createPriceList(policy),
    spend: createSpendGate(options),
    ledger: createLedger(options.write, options.onFailure),
    context: createContextWatch({ warnAt: policy.contextWarnAt }),
    observers: options.observers ?? [],
    ...(recorder === undefined ? {} : { recorder }),
  };
}
