import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { type AttemptEnd } from "../port.ts";
import { answered, UNREACHABLE } from "./testing/requests.ts";
import { startClock, createGate, NOW, Sending, type World } from "./testing/sending.ts";

const SHORT = { "retry-after": "30" };
const LONG = { "retry-after": "3600" };
const GOES_ON = "again";
const ENDS = "answer";

beforeEach(startClock);

suite("the end of a first attempt decides the next move", () => {
  const CASES: readonly (readonly [string, World, AttemptEnd, string])[] = [
    ["a good answer is passed on", {}, answered(200), ENDS],
    ["a mistake of the request is passed on", {}, answered(400), ENDS],
    ["a missing endpoint is passed on", {}, answered(404), ENDS],
    ["an agent that went away ends it", {}, { type: "abandoned" }, ENDS],
    ["a rate limit that lifts soon is waited out", {}, answered(429, SHORT), GOES_ON],
    ["a rate limit that does not say is waited out", {}, answered(429), GOES_ON],
    ["a long rate limit is passed on", {}, answered(429, LONG), ENDS],
    ["an empty account is passed on", {}, answered(429, { "x-should-retry": "false" }), ENDS],
    ["a long rate limit moves on to another credential", { credentials: ["a", "b"] }, answered(429, LONG), GOES_ON],
    ["a rejected credential without remedy is passed on", {}, answered(401), ENDS],
    ["a rejected credential moves on to another", { credentials: ["a", "b"] }, answered(401), GOES_ON],
    ["what is forbidden to the only credential is passed on", {}, answered(403), ENDS],
    ["what is forbidden to one credential moves on to another", { credentials: ["a", "b"] }, answered(403), GOES_ON],
    ["an internal error is tried again", {}, answered(500), GOES_ON],
    ["a bad gateway is tried again", {}, answered(502), GOES_ON],
    ["an unavailable service is tried again", {}, answered(503), GOES_ON],
    ["an overload is tried again", {}, answered(529), GOES_ON],
    ["silence is tried again", {}, UNREACHABLE, GOES_ON],
    ["an error that is not to be tried again is passed on", {}, answered(500, { "x-should-retry": "false" }), ENDS],
    ["an overload that lasts is passed on", {}, answered(529, LONG), ENDS],
    ["an overload that lasts moves on to another upstream", { upstreams: ["a", "b"] }, answered(529, LONG), GOES_ON],
    [
      "an overload of a subscription is not taken for the end of its window",
      {},
      answered(529, { "anthropic-ratelimit-unified-reset": String(NOW / 1000 + 7200) }),
      GOES_ON,
    ],
  ];
  for (const [name, world, end, expected] of CASES) {
    test(name, async () => {
      const { move } = await new Sending(createGate(world)).attempt(end);
      assert.equal(move.type, expected);
      assert.ok(move.type === "again" || move.refusal === undefined);
    });
  }
});
