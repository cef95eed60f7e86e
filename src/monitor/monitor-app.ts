/** What a run answers to machines: metrics, whether it lives, and whether it does its work. Nothing of an item is in it. */
import { Hono } from "hono";
import { DynalakeError } from "../core/error.ts";
import type { KnownHosts } from "../serving/known-hosts.ts";
import { METRICS_TYPE } from "./metrics-text.ts";

export interface MonitorParts {
  /** The metrics as text. */
  readonly metrics: () => Promise<string>;
  /** Why the run is not ready; undefined if it is. */
  readonly whyNotReady: () => Promise<string | undefined>;
  /** Undefined where the server has an address of a network: each host of it may ask. */
  readonly hosts: KnownHosts | undefined;
}

export function monitorApp({ metrics, whyNotReady, hosts }: MonitorParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    if (hosts?.allows(c.req.header("host")) === false) return c.text("unknown host name\n", 403);
    return next();
  });
  app.get("/metrics", async (c) => c.body(await metrics(), 200, { "content-type": METRICS_TYPE }));
  // An answer is the proof: the loop turns. AWS is not asked, so an outage there restarts nothing.
  app.get("/livez", (c) => c.text("ok\n"));
  app.get("/readyz", async (c) => {
    const why = await whyNotReady();
    return why === undefined ? c.text("ok\n") : c.text(`${why}\n`, 503);
  });
  app.notFound((c) => c.text("not found: use /metrics, /livez or /readyz\n", 404));
  app.onError((error, c) =>
    c.text(error instanceof DynalakeError ? `${error.code}: ${error.message}\n` : "INTERNAL\n", 503),
  );
  return app;
}
