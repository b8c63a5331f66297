import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { NameAddresses } from "./name-addresses.ts";

test("a name has one address, and an address one name", () => {
  const names = new NameAddresses();
  const one = names.addressOf("one.test");
  const other = names.addressOf("other.test");
  match(one, /^198\.18\.[0-9]+\.[0-9]+$/);
  equal(names.addressOf("one.test"), one);
  equal(names.nameOf(one), "one.test");
  equal(names.nameOf(other), "other.test");
  equal(names.nameOf("198.18.255.255"), undefined);
});

test("the oldest of too many names makes room, in both directions", () => {
  const names = new NameAddresses();
  const first = names.addressOf("first.test");
  for (let number = 1; number < 4096; number++) names.addressOf(`${number}.test`);
  equal(names.nameOf(first), "first.test");
  equal(names.addressOf("last.test"), first);
  equal(names.nameOf(first), "last.test");
  equal(names.nameOf(names.addressOf("first.test")), "first.test");
  equal(names.addressOf("last.test"), first);
});
