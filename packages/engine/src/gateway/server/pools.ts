import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";

/** Connections to providers, by origin. */
export interface Pools {
  readonly of: (origin: string) => Dispatcher;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Connections to one provider. More requests wait. */
const OPTIONS = { connections: 256, pipelining: 1 } as const;
/** This machine's own addresses: no proxy is asked for those. */
const LOOPBACK = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/** @param env the caller's environment: it may name a proxy, as curl reads it. */
export function createPools(env: Readonly<Record<string, string>>): Pools {
  const proxied = createProxied(env);
  const pools = new Map<string, Pool>();
  const direct = (origin: string): Pool => {
    const pool = pools.get(origin) ?? new Pool(origin, OPTIONS);
    pools.set(origin, pool);
    return pool;
  };
  return {
    of: (origin) => (proxied === undefined || LOOPBACK.test(origin) ? direct(origin) : proxied),
    close: async () => {
      await Promise.all([...pools.values(), ...(proxied === undefined ? [] : [proxied])].map((pool) => pool.destroy()));
    },
  };
}

/** Undefined where no proxy is named. */
function createProxied(env: Readonly<Record<string, string>>): EnvHttpProxyAgent | undefined {
  const read = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? "";
  const [httpProxy, httpsProxy] = [read("http_proxy"), read("https_proxy")];
  if (httpProxy === "" && httpsProxy === "") return undefined;
  return new EnvHttpProxyAgent({ ...OPTIONS, httpProxy, httpsProxy, noProxy: read("no_proxy") });
}
