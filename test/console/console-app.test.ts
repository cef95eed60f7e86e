/** What the console's server answers, and to whom: hostile requests reach nothing of the lake. */
import { describe, expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import * as fc from "../support/fast-check.ts";
import { askedApp, HOST } from "./support/asked-app.ts";

const API = ["/api/lake", "/api/relations", "/api/tables/orders", "/api/quarantine", "/api/statements"];

describe("a session", () => {
  test("is what the token of a link is exchanged for: a cookie that no script reads, and a secret", async () => {
    const app = askedApp();
    const token = app.access.newToken();
    const exchange = (): Promise<Response> =>
      app.ask("/api/session", {
        method: "POST",
        headers: { "content-type": "application/json", origin: `http://${HOST}` },
        body: JSON.stringify({ token }),
      });
    const answer = await exchange();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ secret: app.access.secret });
    const cookie = answer.headers.get("set-cookie");
    expect(cookie).toContain(`${app.access.cookieName}=${app.access.cookie}`);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect((await exchange()).status).toBe(401);
  });

  test("is asked for by everything about the lake, and a page without one is reported", async () => {
    const app = askedApp();
    const { cookieName, cookie, secret } = app.access;
    for (const path of API) {
      for (const headers of [
        {},
        { cookie: `${cookieName}=${cookie}` },
        { "x-dynalake-secret": secret },
        { cookie: `${cookieName}=${secret}`, "x-dynalake-secret": cookie },
      ]) {
        const answer = await app.ask(path, { headers });
        expect({ path, status: answer.status }).toEqual({ path, status: 401 });
      }
      expect((await app.own(path)).status).toBe(200);
    }
    expect(app.strangers()).toBe(4 * API.length);
  });
});

describe("refused, whatever session it shows, is", () => {
  const own = (app: ReturnType<typeof askedApp>): Record<string, string> => ({
    cookie: `${app.access.cookieName}=${app.access.cookie}`,
    "x-dynalake-secret": app.access.secret,
  });

  test.each([
    ["another host, as a name that was rebound sends it", { host: "evil.example:4747" }],
    ["no host", { host: "" }],
    ["another origin", { origin: "http://evil.example" }],
    ["a page of another port of this host", { origin: "http://localhost:3000" }],
    ["a sandboxed page", { origin: "null" }],
    ["a request that another site started", { "sec-fetch-site": "cross-site" }],
    ["a request that another port of this host started", { "sec-fetch-site": "same-site" }],
  ])("%s", async (_, headers) => {
    const app = askedApp();
    const answer = await app.ask("/api/tables/orders", { headers: { ...own(app), ...headers } });
    expect(answer.status).toBe(403);
    expect(app.asked).toEqual([]);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a statement that is not sent as JSON, as forms send it", async () => {
    const app = askedApp();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const answer = await app.ask("/api/statements", {
        method: "POST",
        headers: { ...own(app), "content-type": type },
        body: JSON.stringify({ sql: "SELECT 1" }),
      });
      expect(answer.status).toBe(400);
    }
    expect(app.asked).toEqual([]);
  });

  test("a body of more than a megabyte", async () => {
    const app = askedApp();
    expect((await app.own("/api/statements", { sql: "x".repeat(1_100_000) })).status).toBe(413);
    expect(app.asked).toEqual([]);
  });

  test("every other method", async () => {
    const app = askedApp();
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"])
      expect((await app.ask("/api/lake", { method, headers: own(app) })).status).toBe(404);
  });
});

test("a link on another site may open the page, which has no data in it", async () => {
  const app = askedApp();
  const answer = await app.ask("/", { headers: { "sec-fetch-site": "cross-site" } });
  expect(answer.status).toBe(200);
});

test("every answer has the policy of the page, and each its own nonce", async () => {
  const app = askedApp();
  const nonces = new Set<string>();
  for (const path of ["/", "/main.js", "/nothing", "/api/lake"]) {
    const answer = await app.ask(path);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; ");
    expect(policy).not.toContain("unsafe");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    nonces.add(nonce);
    if (path === "/") expect(await answer.text()).toBe(`<meta content=${nonce}>`);
  }
  expect(nonces.size).toBe(4);
});

test("no path reaches a file that is not of the page", async () => {
  const app = askedApp();
  const path = fc.oneof(
    fc.webPath(),
    fc.constantFrom(
      "/../package.json",
      "/..%2fpackage.json",
      "/%2e%2e/package.json",
      "/./index.html/..",
      "//etc/passwd",
      "/__proto__",
      "/constructor",
    ),
    fc.string().map((text) => `/${encodeURI(text)}`),
  );
  await fc.assert(
    fc.asyncProperty(path, async (given) => {
      const answer = await app.ask(given);
      const name = new URL(`http://${HOST}${given}`).pathname.slice(1);
      const isPage = ["", "main.js", "index.html"].includes(name);
      expect(isPage ? [200, 404] : [401, 404]).toContain(answer.status);
    }),
  );
});

test("hostile bodies end as an error with a code, and reach nothing of another form", async () => {
  const app = askedApp();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/api/item", "/api/statements", "/api/files", "/api/session"),
      fc.jsonValue(),
      async (path, body) => {
        app.asked.length = 0;
        const answer = await app.own(path, body);
        if (answer.status === 200) return expect(app.asked).toHaveLength(1);
        expect([400, 401]).toContain(answer.status);
        expect(app.asked).toEqual([]);
        expect(await answer.json()).toMatchObject({
          error: { code: expect.any(String), message: expect.any(String) },
        });
      },
    ),
  );
});

describe("an error", () => {
  test("of ours has its code and its next step", async () => {
    const table = async (): Promise<never> => {
      throw new DynalakeError("LAKE_NOT_FOUND", 'the lake has no table "x"', { next: "Take another." });
    };
    const answer = await askedApp({ table }).own("/api/tables/x");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      error: { code: "LAKE_NOT_FOUND", message: 'the lake has no table "x"', next: "Take another." },
    });
  });

  test("that was not expected says nothing of what failed", async () => {
    const overview = async (): Promise<never> => {
      throw new Error("/home/me/secret");
    };
    const answer = await askedApp({ overview }).own("/api/lake");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("secret");
  });
});

test("an item is asked for by the values of its key, and a statement by its text and its time", async () => {
  const app = askedApp();
  await app.own("/api/item", { table: "orders", key: { order_id: "o-1" } });
  await app.own("/api/statements", { sql: "SELECT 1", asOfSeconds: 5 });
  const file = await app.own("/api/files", { sql: "SELECT 2", format: "parquet" });
  expect({ length: file.headers.get("content-length"), text: await file.text() }).toEqual({
    length: "2",
    text: "ab",
  });
  expect(app.asked).toEqual([
    { table: "orders", key: { order_id: "o-1" } },
    { sql: "SELECT 1", asOfSeconds: 5 },
    { sql: "SELECT 2", asOfSeconds: undefined, format: "parquet" },
  ]);
});
