/** Who may ask the console: names of hosts, origins, the link's token, and what it is exchanged for. */
import { describe, expect, test } from "@jest/globals";
import { ConsoleAccess } from "../../src/console/console-access.ts";
import * as fc from "../support/fast-check.ts";

interface AccessOptions {
  readonly hosts?: readonly string[];
  readonly nowMs?: () => number;
}

function access({ hosts = [], nowMs = () => 0 }: AccessOptions = {}): ConsoleAccess {
  return new ConsoleAccess(hosts, nowMs);
}

describe("a host", () => {
  test.each(["localhost", "localhost:4747", "127.0.0.1:1", "[::1]:4747", "LOCALHOST:80"])(
    "is allowed by the name %s",
    (host) => {
      expect(access().allowsHost(host)).toBe(true);
    },
  );

  test.each([
    undefined,
    "",
    "evil.example",
    "evil.example:4747",
    "localhost.evil.example",
    "127.0.0.1.evil.example:4747",
    "localhost:4747@evil.example",
    "localhost:99999999",
    "localhost evil.example",
    "[::1",
    "0.0.0.0:4747",
  ])("is refused by the name %s", (host) => {
    expect(access().allowsHost(host)).toBe(false);
  });

  test("is allowed by a name that was given, with any port", () => {
    const given = access({ hosts: ["Tools.internal"] });
    expect(given.allowsHost("tools.internal:8443")).toBe(true);
    expect(given.allowsHost("other.internal")).toBe(false);
  });

  test("is never allowed by any other name", () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.string()), (name) => {
        fc.pre(!["localhost", "127.0.0.1"].includes(name.toLowerCase()));
        expect(access().allowsHost(name)).toBe(false);
        expect(access().allowsHost(`${name}:4747`)).toBe(false);
      }),
    );
  });
});

test("an origin has to be the host that is asked", () => {
  const { allowsOrigin } = {
    allowsOrigin: (origin?: string) => access().allowsOrigin(origin, "localhost:4747"),
  };
  expect(allowsOrigin("http://localhost:4747")).toBe(true);
  expect(allowsOrigin("https://localhost:4747")).toBe(true);
  expect(allowsOrigin(undefined)).toBe(true);
  for (const other of [
    "null",
    "",
    "http://localhost:4748",
    "http://127.0.0.1:4747",
    "http://localhost:4747.evil.example",
  ])
    expect({ other, allowed: allowsOrigin(other) }).toEqual({ other, allowed: false });
});

describe("the token of a link", () => {
  test("works once", () => {
    const one = access();
    const token = one.newToken();
    expect(one.takeToken(token)).toBe(true);
    expect(one.takeToken(token)).toBe(false);
  });

  test("is worth nothing after a minute, and after a newer one", () => {
    let nowMs = 0;
    const one = access({ nowMs: () => nowMs });
    const token = one.newToken();
    nowMs = 60_000;
    expect(one.hasToken).toBe(false);
    expect(one.takeToken(token)).toBe(false);
    const older = one.newToken();
    const newer = one.newToken();
    expect(one.takeToken(older)).toBe(false);
    expect(one.takeToken(newer)).toBe(true);
  });

  test("is not guessed: a wrong one does not use it up", () => {
    const one = access();
    const token = one.newToken();
    expect(one.takeToken(token.slice(1))).toBe(false);
    expect(one.takeToken("")).toBe(false);
    expect(one.takeToken(token)).toBe(true);
  });
});

test("a request shows the cookie and the secret, both of this console", () => {
  const one = access();
  const other = access();
  const { cookie, secret } = one;
  expect(one.allows({ cookie, secret })).toBe(true);
  for (const shown of [
    { cookie, secret: undefined },
    { cookie: undefined, secret },
    { cookie, secret: other.secret },
    { cookie: other.cookie, secret },
    { cookie: secret, secret: cookie },
  ])
    expect(one.allows(shown)).toBe(false);
  expect(one.cookieName).not.toBe(other.cookieName);
});
