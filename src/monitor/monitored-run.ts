/** What watches a run: the server for machines, if a port is given, and those who get findings. */
import { hostname as ownHostname } from "node:os";
import { shellWord } from "../console/command-line.ts";
import { folderStore } from "../files/folder-store.ts";
import type { LakeEvent } from "../library/event.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import type { Timing } from "../sdk/timing.ts";
import { KnownHosts } from "../serving/known-hosts.ts";
import { type Listening, listening } from "../serving/listening.ts";
import { type FindingsReceiver, FindingsSender } from "./findings-sender.ts";
import { lakeStates } from "./lake-state.ts";
import { metricsText } from "./metrics-text.ts";
import { monitorApp } from "./monitor-app.ts";
import { whyNotReady } from "./readiness.ts";
import { runMetrics } from "./run-metrics.ts";
import { RunTally } from "./run-tally.ts";
import { sourceFindings } from "./source-findings.ts";

export interface MonitorOptions {
  /** 0: any free one. Without it there is no server. */
  readonly port?: number;
  /** The address of the server. */
  readonly hostname: string;
  readonly receivers: readonly FindingsReceiver[];
  readonly timing: Timing;
  /** The server listens: `url` is that of the metrics. */
  readonly onListening: (url: string) => void;
  /** Findings could not be sent. */
  readonly onFailure: (why: string) => void;
}

export interface MonitoredRun {
  /** Takes note of an event of the run. */
  take(event: LakeEvent): void;
  /** Sends what was not sent yet, as a run that ends does. */
  sendFindings(): Promise<void>;
  close(): Promise<void>;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** `name`: the lake as the user gave it. Rejects with USAGE if the server cannot listen. */
export async function monitoredRun(
  lake: CommandLake,
  name: string,
  options: MonitorOptions,
): Promise<MonitoredRun> {
  const { port, receivers, timing, onFailure } = options;
  const nowMs = (): number => timing.nowMs();
  const place = { kind: "folder", name, option: `--lake ${shellWord(name)}` } as const;
  const states = lakeStates(lake, place, nowMs);
  const tally = new RunTally();
  const store = folderStore(lake.folder);
  const app = monitorApp({
    metrics: async () => metricsText(runMetrics(await states.get(), tally.tables)),
    whyNotReady: () => whyNotReady(store, tally.tables, Math.floor(nowMs() / 1000)),
    hosts: LOOPBACK.test(options.hostname) ? new KnownHosts() : undefined,
  });
  const server = port === undefined ? undefined : await served(app.fetch, port, options);
  const findings = async () => [...sourceFindings(tally.tables), ...(await states.get()).findings];
  const senders = receivers.map(
    (receiver) =>
      new FindingsSender({ receiver, findings, lake: name, host: ownHostname(), timing, onFailure }),
  );
  const stop = new AbortController();
  const ended = new AbortController();
  for (const sender of senders) void sender.keepLooking(stop.signal);
  return {
    take: (event) => tally.take(event),
    sendFindings: async () => {
      stop.abort();
      await Promise.all(senders.map((sender) => sender.look(ended.signal)));
    },
    close: async () => {
      stop.abort();
      ended.abort();
      await server?.close();
    },
  };
}

async function served(
  fetch: Parameters<typeof listening>[0],
  port: number,
  { hostname, onListening }: MonitorOptions,
): Promise<Listening> {
  const server = await listening(fetch, { hostname, port, option: "--metrics-port" });
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  onListening(`http://${host}:${server.port}/metrics`);
  return server;
}
