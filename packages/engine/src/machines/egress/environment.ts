/** Variables by which programs find a bundle of certificates. */
const BUNDLE_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "GIT_SSL_CAINFO",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
] as const;
/** What must not be asked of the proxy: the machine's own loopback, where the model gateway is. */
const DIRECT = "127.0.0.1,localhost,::1";

/** What a machine's environment is made of. */
export type EnvironmentParts = {
  /** Where the machine listens for the proxy. */
  readonly port: number;
  readonly placeholders: Readonly<Record<string, string>>;
  /** Where the machine has its trust bundle. */
  readonly bundlePath?: string;
};

/** Variables that send programs to the proxy: in both cases, since some know but one of them. */
export function egressEnvironment({
  port,
  placeholders,
  bundlePath,
}: EnvironmentParts): Readonly<Record<string, string>> {
  const http = `http://127.0.0.1:${port}`;
  const proxies = { HTTP_PROXY: http, HTTPS_PROXY: http, ALL_PROXY: `socks5h://127.0.0.1:${port}`, NO_PROXY: DIRECT };
  const lower = Object.entries(proxies).map(([name, value]) => [name.toLowerCase(), value] as const);
  const bundle = bundlePath === undefined ? [] : BUNDLE_VARIABLES.map((name) => [name, bundlePath] as const);
  return { ...proxies, ...Object.fromEntries([...lower, ...bundle]), NODE_USE_ENV_PROXY: "1", ...placeholders };
}
