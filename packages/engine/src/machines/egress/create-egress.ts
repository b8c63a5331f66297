import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { writeRefusal } from "./answer-refusal.ts";
import { createAuthority } from "./authority.ts";
import type { Client, EgressContext } from "./context.ts";
import { Deadline } from "./deadline.ts";
import { EgressRefusedError } from "./egress-refused-error.ts";
import { egressEnvironment } from "./environment.ts";
import { DEFAULT_EGRESS_LIMITS } from "./limits.ts";
import { createRouter } from "./open-route.ts";
import type { Egress, EgressOptions } from "./port.ts";
import { peekBytes } from "./read-bytes.ts";
import { createRecorder } from "./record-decision.ts";
import { Secrets } from "./secrets.ts";
import { serveProxy } from "./serve-proxy.ts";
import { serveSocks } from "./serve-socks.ts";
import { machineTrustBundle, splitBundle } from "./trust.ts";

/**
 * Makes the way out of one machine.
 * @throws CloisterError `config_invalid` for a secret whose value can't be one.
 */
export function createEgress(options: EgressOptions): Egress {
  const { trust, trustBundlePath, seed = randomBytes(32), now = Date.now } = options;
  const limits = { ...DEFAULT_EGRESS_LIMITS, ...options.limits };
  const secrets = new Secrets(options.secrets, seed);
  const authority = options.secrets.length === 0 ? undefined : createAuthority(seed, now);
  const bundle = machineTrustBundle([trust ?? [], authority?.certificate ?? []].flat());
  const context: EgressContext = {
    router: createRouter(options, limits),
    recorder: createRecorder(options),
    secrets,
    limits,
    authority,
    outsideTrust: rememberTrust(trust),
  };
  const doorkeeper = new Doorkeeper(context);
  return {
    trustBundle: bundle,
    accept: (stream) => doorkeeper.accept(stream),
    environment: (port) =>
      egressEnvironment({
        port,
        placeholders: secrets.placeholders,
        ...(bundle === undefined || trustBundlePath === undefined ? {} : { bundlePath: trustBundlePath }),
      }),
    [Symbol.asyncDispose]: () => doorkeeper.close(),
  };
}

/** Reading hundreds of certificates takes a while: it is done once, and not at all where there are no secrets. */
function rememberTrust(trust: string | undefined): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext({
      ca: [...getCACertificates("default"), ...splitBundle(trust ?? "")],
      minVersion: "TLSv1.2",
    });
    return context;
  };
}

/** Lets connections in, as many as there may be, and shows each its door. */
class Doorkeeper {
  readonly #context: EgressContext;
  readonly #open = new Set<Duplex>();
  #isClosed = false;
  #isBusy = false;

  constructor(context: EgressContext) {
    this.#context = context;
  }

  accept(stream: Duplex): void {
    stream.on("error", () => undefined); // Who waits for it is told by its end.
    if (this.#isClosed) return void stream.destroy();
    if (this.#open.size >= this.#context.limits.connections) return this.#refuseBusy(stream);
    this.#isBusy = false;
    this.#open.add(stream);
    stream.once("close", () => this.#open.delete(stream));
    new Deadline(stream).set(this.#context.limits.wholeMs);
    const client = { stream, deadline: new Deadline(stream) };
    void this.#showDoor(client).catch(() => stream.destroy());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#open) stream.destroy();
  }

  async #showDoor(client: Client): Promise<void> {
    const { stream, deadline } = client;
    deadline.set(this.#context.limits.headMs);
    const first = await peekBytes(stream, ([byte]) => byte);
    if (first === undefined) return void stream.destroy();
    if (first === 4 || first === 5) return serveSocks(this.#context, client, first);
    if (/[A-Z]/.test(String.fromCharCode(first))) return serveProxy(this.#context, client);
    const refused = new EgressRefusedError("malformed", "this port speaks HTTP as a proxy, and SOCKS.");
    this.#context.recorder.refused("http", refused);
    writeRefusal(stream, refused);
  }

  /** Told of once, not for each that comes while it is so: a machine could fill the journal with it. */
  #refuseBusy(stream: Duplex): void {
    const refused = new EgressRefusedError("busy", `it has ${this.#open.size} connections open already.`);
    if (!this.#isBusy) this.#context.recorder.refused("http", refused);
    this.#isBusy = true;
    writeRefusal(stream, refused);
  }
}
