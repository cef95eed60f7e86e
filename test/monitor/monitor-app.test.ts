/** Who may ask a run, and what it answers. */
import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../src/core/error.ts";
import { type MonitorParts, monitorApp } from "../../src/monitor/monitor-app.ts";
import { hostsAt, KnownHosts } from "../../src/serving/known-hosts.ts";

async function asked(path: string, parts: Partial<MonitorParts> = {}, host = "127.0.0.1:9464") {
  const app = monitorApp({
    metrics: async () => "a 1\n",
    whyNotReady: async () => undefined,
    hosts: new KnownHosts(),
    ...parts,
  });
  const answer = await app.request(`http://${host}${path}`, { headers: { host } });
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
}

test("metrics, liveness and readiness are answered", async () => {
  expect(await asked("/metrics")).toEqual({
    status: 200,
    type: "text/plain; version=0.0.4; charset=utf-8",
    text: "a 1\n",
  });
  expect(await asked("/livez")).toMatchObject({ status: 200, text: "ok\n" });
  expect(await asked("/readyz")).toMatchObject({ status: 200, text: "ok\n" });
  const why = 'the source of "orders" is not read';
  expect(await asked("/readyz", { whyNotReady: async () => why })).toMatchObject({
    status: 503,
    text: `${why}\n`,
  });
  expect(await asked("/other")).toMatchObject({ status: 404 });
});

test("a host that another site controls is refused, unless the server has an address of a network", async () => {
  expect(await asked("/metrics", {}, "evil.example:9464")).toMatchObject({ status: 403 });
  expect(await asked("/livez", {}, "evil.example")).toMatchObject({ status: 403 });
  expect(await asked("/metrics", { hosts: undefined }, "lake.internal:9464")).toMatchObject({ status: 200 });
});

test.each([
  ["127.0.0.2", "127.0.0.2", 200],
  ["127.0.0.2", "localhost", 200],
  ["::1", "[::1]", 200],
  ["127.0.0.2", "evil.example", 403],
  ["0.0.0.0", "lake.internal", 200],
])("a server at %s answers %s with %i", async (hostname, host, status) => {
  expect(await asked("/livez", { hosts: hostsAt(hostname) }, `${host}:9464`)).toMatchObject({ status });
});

test("a lake that cannot be read is said by its error, and nothing else is shown of a failure", async () => {
  const failing = (error: Error) => ({ metrics: () => Promise.reject(error) });
  const known = new DynalakeError("LAKE_DAMAGED", "the manifest is damaged");
  expect(await asked("/metrics", failing(known))).toMatchObject({
    status: 503,
    text: "LAKE_DAMAGED: the manifest is damaged\n",
  });
  expect(await asked("/metrics", failing(new Error("secret")))).toMatchObject({
    status: 503,
    text: "INTERNAL\n",
  });
});
