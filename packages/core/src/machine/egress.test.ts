import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  decideEgress,
  describeEgressRule,
  parseEgressAuthority,
  parseEgressRule,
  parseEgressTarget,
} from "./egress.ts";

const LABEL_63 = "a".repeat(63);
const NAME_253 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${"a".repeat(61)}`;

describe("a host", () => {
  const GOOD: readonly [written: string, host: string, kind: "name" | "address"][] = [
    ["example.org", "example.org", "name"],
    ["EXAMPLE.org", "example.org", "name"],
    ["localhost", "localhost", "name"],
    ["_dmarc.my_host.example.org", "_dmarc.my_host.example.org", "name"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", "name"],
    ["1.2.3.4.example.org", "1.2.3.4.example.org", "name"],
    ["3com.com", "3com.com", "name"],
    [`${LABEL_63}.org`, `${LABEL_63}.org`, "name"],
    [NAME_253, NAME_253, "name"],
    ["192.0.2.1", "192.0.2.1", "address"],
    ["0.0.0.0", "0.0.0.0", "address"],
    ["255.255.255.255", "255.255.255.255", "address"],
    ["::1", "::1", "address"],
    ["2001:DB8::1", "2001:db8::1", "address"],
    ["::ffff:7f00:1", "::ffff:7f00:1", "address"],
  ];
  for (const [written, host, kind] of GOOD) {
    it(`is taken: ${written.slice(0, 40)}`, () => {
      assert.deepEqual(parseEgressTarget(written, 443), { host, port: 443, kind });
    });
  }

  const BAD: readonly string[] = [
    "",
    ".",
    "example.org.",
    ".example.org",
    "example..org",
    "-example.org",
    "example-.org",
    "exa mple.org",
    "example.org\0",
    "example.org\0.evil.test",
    "example.org\n",
    "\texample.org",
    "exämple.org",
    "example。org",
    "\u212Aelvin.org",
    "ｅxample.org",
    "user@example.org",
    "example.org:443",
    "example.org/",
    "example.org\\",
    "example%2eorg",
    "example.org#",
    "example.org?",
    "*.example.org",
    "*",
    `${"a".repeat(64)}.org`,
    `a${NAME_253}`,
    "1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.256",
    "127.0.0.1.1",
    "example.0x",
    "example.1",
    "１２７.0.0.1",
    "[::1]",
    "::1%lo",
    "::1%25lo",
    "::ffff:127.0.0.1",
    "0:0:0:0:0:0:0:1",
    "::0001",
    "0::1",
    ":::1",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    ":",
    "::1/64",
  ];
  for (const host of BAD) {
    it(`is refused: ${JSON.stringify(host.slice(0, 40))}`, () => {
      assert.equal(parseEgressTarget(host, 443), undefined);
    });
  }

  it("needs a port of 1 to 65535", () => {
    for (const port of [0, -1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(parseEgressTarget("example.org", port), undefined);
    }
    assert.equal(parseEgressTarget("example.org", 65_535)?.port, 65_535);
  });
});

describe("an authority", () => {
  const CASES: readonly [text: string, described: string | undefined][] = [
    ["example.org:443", "example.org:443"],
    ["example.org", "example.org:80"],
    ["[2001:db8::1]:8080", "[2001:db8::1]:8080"],
    ["[2001:db8::1]", "[2001:db8::1]:80"],
    ["2001:db8::1", undefined],
    ["2001:db8::1:80", undefined],
    ["[192.0.2.1]:80", undefined],
    ["[example.org]:80", undefined],
    ["[]:80", undefined],
    ["[::1]80", undefined],
    ["[::1", undefined],
    ["::1]", undefined],
    ["[[::1]]:80", undefined],
    ["example.org:", undefined],
    ["example.org:0", undefined],
    ["example.org:080", undefined],
    ["example.org:+80", undefined],
    ["example.org: 80", undefined],
    ["example.org:80 ", undefined],
    ["example.org:80\n", undefined],
    ["example.org:65536", undefined],
    ["example.org:99999999999", undefined],
    ["example.org:80:80", undefined],
    ["example.org:http", undefined],
    ["example.org:８０", undefined],
    ["user@example.org:80", undefined],
    [":80", undefined],
    ["", undefined],
  ];
  for (const [text, described] of CASES) {
    it(`${JSON.stringify(text)} is ${described ?? "refused"}`, () => {
      const target = parseEgressAuthority(text, 80);
      assert.equal(target === undefined ? undefined : describeEgressRule(target), described);
    });
  }

  it("must have a port where there is no default", () => {
    assert.equal(parseEgressAuthority("example.org"), undefined);
  });
});

describe("a rule", () => {
  const CASES: readonly [text: string, host: string | undefined][] = [
    ["example.org:443", "example.org"],
    ["Example.Org:443", "example.org"],
    ["*.example.org:443", "*.example.org"],
    ["localhost:443", "localhost"],
    ["[::1]:443", "::1"],
    ["example.org", undefined],
    ["*:443", undefined],
    ["*.org:443", undefined],
    ["*.*.example.org:443", undefined],
    ["a.*.example.org:443", undefined],
    ["*example.org:443", undefined],
    ["*.0.0.1:443", undefined],
    ["*.127.0.0.1:443", undefined],
    ["*.[::1]:443", undefined],
    ["*.:443", undefined],
    ["https://example.org:443", undefined],
    ["example.org:*", undefined],
    ["bücher.example:443", undefined],
  ];
  for (const [text, host] of CASES) {
    it(`${text} is ${host === undefined ? "refused" : "taken"}`, () => {
      assert.deepEqual(parseEgressRule(text), host === undefined ? undefined : { host, port: 443 });
    });
  }
});

describe("the decision", () => {
  const RULES = [
    { host: "example.org", port: 443 },
    { host: "*.wild.test", port: 443 },
    { host: "192.0.2.1", port: 80 },
  ];
  const CASES: readonly [host: string, port: number, outcome: "allowed" | "malformed" | "not_allowed"][] = [
    ["example.org", 443, "allowed"],
    ["EXAMPLE.ORG", 443, "allowed"],
    ["example.org", 80, "not_allowed"],
    ["www.example.org", 443, "not_allowed"],
    ["example.org.evil.test", 443, "not_allowed"],
    ["notexample.org", 443, "not_allowed"],
    ["a.wild.test", 443, "allowed"],
    ["a.b.wild.test", 443, "allowed"],
    ["wild.test", 443, "not_allowed"],
    ["awild.test", 443, "not_allowed"],
    ["a.wild.test", 80, "not_allowed"],
    [".wild.test", 443, "malformed"],
    ["*.wild.test", 443, "malformed"],
    ["a.wild.test.", 443, "malformed"],
    ["192.0.2.1", 80, "allowed"],
    ["192.0.2.1", 443, "not_allowed"],
    ["3221225985", 80, "malformed"],
    ["example.org\0", 443, "malformed"],
  ];
  for (const [host, port, outcome] of CASES) {
    it(`on ${JSON.stringify(host)} port ${port} is ${outcome}`, () => {
      const verdict = decideEgress(RULES, { host, port });
      assert.equal(verdict.allowed ? "allowed" : verdict.refusal, outcome);
    });
  }

  it("without rules allows nothing", () => {
    assert.equal(decideEgress([], { host: "example.org", port: 443 }).allowed, false);
  });
});
