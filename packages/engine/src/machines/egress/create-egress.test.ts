import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { CloisterError } from "@cloister/core";
import { createEgress } from "./create-egress.ts";
import { type Canary, type CanaryRequest, startCanary } from "./testing/canary.ts";
import { makeCertificates } from "./testing/certificates.ts";
import { type EgressServer, exchangeBytes, startEgressServer } from "./testing/egress-server.ts";

const SECRET = 's3cret/value+with="signs"';
const BASE64 = Buffer.from(SECRET).toString("base64");

describe("programs behind the egress proxy", () => {
  let plain: Canary;
  let tls: Canary;
  let slow: Canary;
  let egress: EgressServer;
  let folder: string;
  const certificates = makeCertificates(["tls.test", "secret.test"]);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cloister-egress-"));
    plain = await startCanary({ address: "127.0.0.2", port: 0, answer: answerPlain });
    tls = await startCanary({
      address: "127.0.0.3",
      port: 0,
      tls: certificates,
      answer: (request, response) => {
        echo(request, response);
      },
    });
    slow = await startCanary({
      address: "127.0.0.1",
      port: 0,
      answer: ({ url }, response) => {
        if (url === "/later") setTimeout(() => response.end("later"), 150);
      },
    });
    egress = await startEgressServer({
      rules: [
        { host: "plain.test", port: plain.port },
        { host: "tls.test", port: tls.port },
        { host: "secret.test", port: tls.port },
        { host: "unverified.test", port: tls.port },
      ],
      secrets: ["secret.test", "unverified.test"].map((host) => ({
        host,
        port: tls.port,
        variable: "TOKEN",
        header: "authorization",
        value: SECRET,
      })),
      trust: certificates.authority,
      trustBundlePath: join(folder, "bundle.pem"),
      resolve: async (host) => [host === "plain.test" ? "11.0.0.2" : "11.0.0.3"],
    });
    await writeFile(join(folder, "bundle.pem"), egress.egress.trustBundle ?? "");
  });
  beforeEach(() => {
    plain.reset();
    tls.reset();
    egress.decisions.length = 0;
  });
  after(async () => {
    await egress[Symbol.asyncDispose]();
    await plain[Symbol.asyncDispose]();
    await tls[Symbol.asyncDispose]();
    await slow[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
  const run = (program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
    new Promise((resolve) => {
      const options = {
        env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...egress.egress.environment(egress.port), ...env },
        timeout: 10_000,
      };
      execFile(program, args, options, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr }),
      );
    });
  const token = (): string => egress.egress.environment(1)["TOKEN"] ?? "";

  const CURL: readonly [name: string, args: () => readonly string[]][] = [
    ["plain HTTP", () => [`http://plain.test:${plain.port}/`]],
    ["plain HTTP in a tunnel", () => ["--proxytunnel", `http://plain.test:${plain.port}/`]],
    ["SOCKS 5", () => ["--proxy", `socks5h://127.0.0.1:${egress.port}`, `http://plain.test:${plain.port}/`]],
    ["SOCKS 4a", () => ["--proxy", `socks4a://127.0.0.1:${egress.port}`, `http://plain.test:${plain.port}/`]],
  ];
  for (const [name, args] of CURL) {
    it(`get through with curl by ${name}`, async () => {
      const { stdout, stderr } = await run("curl", ["-sS", ...args()]);
      assert.equal(stdout, "canary", stderr);
      assert.equal(plain.requests.length, 1);
    });
  }

  it("speak TLS end to end with a host that has no secret", async () => {
    const { stdout, stderr } = await run("curl", ["-sSv", `https://tls.test:${tls.port}/`]);
    assert.match(stdout, /^echo/, stderr);
    assert.match(stderr, /issuer: CN=Test authority/);
  });

  it("reach nothing that is not allowed, and are told how it would be", async () => {
    const { stdout } = await run("curl", ["-s", "http://other.test:81/"]);
    assert.equal(
      stdout,
      "Cloister refused other.test:81: no rule allows it. It is allowed with --allow-host other.test:81.\n",
    );
  });

  it("are asked anew where they follow a redirect", async () => {
    const { stdout } = await run("curl", ["-sL", `http://plain.test:${plain.port}/redirect`]);
    assert.match(stdout, /refused evil.test:80/);
    assert.deepEqual(
      egress.decisions.map(({ host, allowed }) => [host, allowed]),
      [
        ["plain.test", true],
        ["evil.test", false],
      ],
    );
  });

  it("get through with Node's fetch", async () => {
    const script = `for (const url of process.argv.slice(1)) console.log((await fetch(url)).status)`;
    const urls = [
      `http://plain.test:${plain.port}/`,
      `https://tls.test:${tls.port}/`,
      `https://secret.test:${tls.port}/`,
    ];
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script, ...urls]);
    assert.equal(stdout, "200\n200\n200\n", stderr);
  });

  it("get through with git, and a secret as its password", async () => {
    const url = `https://agent:${token()}@secret.test:${tls.port}/repository.git`;
    const { stderr } = await run("git", ["ls-remote", url]);
    const sent = tls.requests.map(({ headers }) => headers.authorization ?? "");
    const basic = `Basic ${Buffer.from(`agent:${SECRET}`).toString("base64")}`;
    assert.ok(sent.includes(basic), stderr);
    assert.ok(!stderr.includes(SECRET));
  });

  it("have secrets put in over TLS, and get none back", async () => {
    const url = `https://secret.test:${tls.port}/echo`;
    const { stdout, stderr } = await run("curl", [
      "-sSvi",
      "--compressed",
      "-H",
      `Authorization: Bearer ${token()}`,
      url,
    ]);
    assert.equal(tls.requests[0]?.headers.authorization, `Bearer ${SECRET}`);
    assert.equal(tls.requests[0]?.headers["accept-encoding"], "identity");
    for (const form of [SECRET, encodeURIComponent(SECRET), BASE64])
      assert.ok(!`${stdout}${stderr}`.includes(form), form);
    assert.equal(stdout.split(token()).length - 1, 5, stdout);
    assert.match(stderr, /issuer: CN=Cloister egress/);
    assert.deepEqual(egress.decisions.at(-1)?.secrets, ["TOKEN"]);
    assert.ok(!JSON.stringify(egress.decisions).includes(SECRET));
  });

  it("get no answer that is packed from a host with a secret", async () => {
    const { stdout } = await run("curl", ["-s", `https://secret.test:${tls.port}/packed`]);
    assert.match(stdout, /can't be looked through/);
  });

  it("are refused where a host with a secret can't be verified: nothing is sent to it", async () => {
    const { stdout } = await run("curl", [
      "-s",
      "-H",
      `Authorization: Bearer ${token()}`,
      `https://unverified.test:${tls.port}/`,
    ]);
    assert.match(stdout, /refused unverified.test:[0-9]+: it can't be reached \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
    assert.deepEqual(tls.requests, []);
  });

  const STRAY: readonly [name: string, args: (token: string) => readonly string[]][] = [
    ["to another host", (token) => ["-H", `Authorization: Bearer ${token}`, `http://plain.test:${plain.port}/`]],
    ["in another header", (token) => ["-H", `X-Token: ${token}`, `https://secret.test:${tls.port}/`]],
    ["in a header's name", (token) => ["-H", `X-${token}: 1`, `https://secret.test:${tls.port}/`]],
    ["in the path", (token) => [`https://secret.test:${tls.port}/${token}`]],
    ["in the query", (token) => [`https://secret.test:${tls.port}/?token=${token.toUpperCase()}`]],
    ["as a password elsewhere", (token) => ["-u", `user:${token}`, `http://plain.test:${plain.port}/`]],
    [
      "in a header of CONNECT",
      (token) => ["-p", "--proxy-header", `X-A: ${token}`, `http://plain.test:${plain.port}/`],
    ],
  ];
  for (const [name, args] of STRAY) {
    it(`are refused where they send a secret's placeholder ${name}`, async () => {
      const { stdout } = await run("curl", ["-s", ...args(token())]);
      assert.deepEqual([...plain.requests, ...tls.requests], [], stdout);
      assert.equal(egress.decisions.at(-1)?.refusal, "wrong_secret_host");
    });
  }

  it("go on through one connection, each request decided anew", async () => {
    const at = `plain.test:${plain.port}`;
    const request = (path: string): string =>
      `GET http://${at}${path} HTTP/1.1\r\nHost: ${at}\r\nKeep-Alive: 5\r\n\r\n`;
    const last = `GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n`;
    const answer = await exchangeBytes(egress.port, [request("/1"), request("/2"), last]);
    assert.match(answer, /canary.*canary.*refused evil.test:80/s);
    assert.equal(plain.connections, 1);
    assert.ok(plain.requests.every(({ headers }) => headers["keep-alive"] === undefined));
    assert.equal(egress.decisions.length, 3);
  });

  it("get all of a large body, both ways, with either end half closed", async () => {
    const body = "x".repeat(4_000_000);
    const at = `plain.test:${plain.port}`;
    const head = `POST http://${at}/large HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await exchangeBytes(egress.port, [head + body]);
    assert.equal(plain.requests[0]?.body.length, body.length);
    assert.equal(answer.split("\r\n\r\n")[1]?.length, body.length);
  });

  it("are told that too many connections are open, which is recorded once", async () => {
    await using small = await startEgressServer({ limits: { connections: 1 } });
    const first = connect(small.port, "127.0.0.1");
    first.write("GET");
    await once(first, "connect");
    const answers = [await exchangeBytes(small.port, [""]), await exchangeBytes(small.port, [""])];
    for (const answer of answers) assert.match(answer, /^HTTP\/1.1 503 .*1 connections open already/s);
    assert.deepEqual(
      small.decisions.map(({ refusal }) => refusal),
      ["busy"],
    );
    first.destroy();
  });

  it("are told where a host says nothing for long, and wait for one that is slow", async () => {
    const rules = [{ host: "127.0.0.1", port: slow.port }];
    await using patient = await startEgressServer({ rules, limits: { idleMs: 300 } });
    const request = (path: string): string => {
      const at = `127.0.0.1:${slow.port}`;
      return `GET http://${at}${path} HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`;
    };
    assert.match(await exchangeBytes(patient.port, [request("/never")]), /502 .*ETIMEDOUT/s);
    assert.match(await exchangeBytes(patient.port, [request("/later")]), /200 .*later/s);
  });

  it("may not send more requests ahead than are answered in time", async () => {
    const at = `plain.test:${plain.port}`;
    const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
    await exchangeBytes(egress.port, [request.repeat(500)]);
    assert.ok(egress.decisions.length <= 16);
  });

  it("are cut off with the proxy, and where they say nothing for long", async () => {
    const silent = await startEgressServer({ limits: { headMs: 50 } });
    for (const begun of ["", "GET http://", "\x05", "\x04\x01"]) {
      assert.doesNotMatch(await exchangeBytes(silent.port, [begun]), /200/);
    }
    const socket = connect(silent.port, "127.0.0.1").resume();
    await once(socket, "connect");
    await silent[Symbol.asyncDispose]();
    await once(socket, "close");
  });
});

describe("an egress proxy", () => {
  const secret = { host: "a.test", port: 443, variable: "TOKEN", header: "authorization", value: SECRET };
  const make = (value: string, seed?: Uint8Array): ReturnType<typeof createEgress> =>
    createEgress({
      rules: [],
      secrets: [{ ...secret, value }],
      onDecision: () => undefined,
      ...(seed === undefined ? {} : { seed }),
    });

  it("says what the machine's programs need, and nothing of a bundle that the machine does not have", () => {
    const { TOKEN, ...env } = make(SECRET).environment(3128);
    assert.match(TOKEN ?? "", /^cloister-secret-[0-9a-f]{32}$/);
    const [http, socks, direct] = ["http://127.0.0.1:3128", "socks5h://127.0.0.1:3128", "127.0.0.1,localhost,::1"];
    const proxies = { HTTP_PROXY: http, HTTPS_PROXY: http, ALL_PROXY: socks, NO_PROXY: direct };
    const lower = { http_proxy: http, https_proxy: http, all_proxy: socks, no_proxy: direct };
    assert.deepEqual(env, { ...proxies, ...lower, NODE_USE_ENV_PROXY: "1" });
  });

  it("has the same placeholders from the same seed, whatever the value, and others from another", () => {
    const [seed, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const placeholder = (value: string, from?: Uint8Array): string | undefined =>
      make(value, from).environment(1)["TOKEN"];
    assert.equal(placeholder(SECRET, seed), placeholder("another value", seed));
    assert.notEqual(placeholder(SECRET, seed), placeholder(SECRET, other));
    assert.notEqual(placeholder(SECRET), placeholder(SECRET));
  });

  it("needs no trust of its own without secrets", () => {
    assert.equal(createEgress({ rules: [], secrets: [], onDecision: () => undefined }).trustBundle, undefined);
  });

  for (const value of ["", "short", "two\nlines of it", "with\0zero in it", "nöt ascii at all"]) {
    it(`takes no secret such as ${JSON.stringify(value)}, and does not say it`, () => {
      assert.throws(
        () => make(value),
        (error) =>
          CloisterError.isInstance(error) &&
          error.code === "config_invalid" &&
          (value === "" || !error.describe().includes(value)),
      );
    });
  }
});

type Response = Parameters<NonNullable<Parameters<typeof startCanary>[0]["answer"]>>[1];

function answerPlain({ url, body }: CanaryRequest, response: Response): void {
  if (url === "/redirect") response.writeHead(302, { location: "http://evil.test/" });
  response.end(url === "/large" ? body : "canary");
}

/** Says a secret in all the ways that a server might: in header, body, URL, Base64, and over the border of two packets. */
function echo({ url, headers }: CanaryRequest, response: Response): void {
  const secret = (headers.authorization ?? "").replace(/^Bearer /, "");
  if (url === "/packed") response.setHeader("content-encoding", "gzip");
  if (url?.startsWith("/repository.git") === true && secret === "") {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' });
  }
  if (url !== "/echo") return void response.end("echo");
  response.setHeader("x-echo", secret);
  response.write(
    `echo ${secret} ${encodeURIComponent(secret)} ${Buffer.from(secret).toString("base64")} ${secret.slice(0, 5)}`,
    () => response.end(secret.slice(5)),
  );
}
