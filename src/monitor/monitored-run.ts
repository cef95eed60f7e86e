/** What watches a run: the server for machines, if a port is given, and those who get findings. */
import { hostname as ownHostname } from "node:os";
import { shellWord } from "../console/command-line.ts";
import { folderStore } from "../files/folder-store.ts";
import type { LakeEvent } from "../library/event.ts";
import type { CommandLake } from "../library/folder-lake.ts";
import type { Timing } from "../sdk/timing.ts";
import { hostsAt } from "../serving/known-hosts.ts";
import { type Listening, listening } from "../serving/listening.ts";
import { type FindingsReceiver, FindingsSender } from "./findings-sender.ts";
import { lakeState } from "./lake-state.ts";
import { metricsText } from "./metrics-text.ts";
import { monitorApp } from "./monitor-app.ts";
import { whyNotReady } from "./readiness.ts";
import { endFindings, runFindings } from "./run-findings.ts";
import { runMetrics } from "./run-metrics.ts";
import { RunTally } from "./run-tally.ts";

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
  /** Sends what was not sent yet, as a run that ends does. `failure`: the error that ended it. */
  sendFindings(failure?: unknown): Promise<void>;
  close(): Promise<void>;
}

/** `name`: the lake as the user gave it. Rejects with USAGE if the server cannot listen. */
export async function monitoredRun(
  lake: CommandLake,
  name: string,
  options: MonitorOptions,
): Promise<MonitoredRun> {
  const { port, receivers, timing, onFailure } = options;
  const nowMs = (): number => timing.nowMs();
  const place = { kind: "folder", name, option: `--lake ${shellWord(name)}` } as const;
  const state = lakeState(lake, place, nowMs);
  const tally = new RunTally();
  const store = folderStore(lake.folder);
  const app = monitorApp({
    metrics: async () => metricsText(runMetrics(await state.statuses.get(), tally.tables)),
    whyNotReady: () => whyNotReady(store, tally.tables, Math.floor(nowMs() / 1000)),
    hosts: hostsAt(options.hostname),
  });
  const server = port === undefined ? undefined : await served(app.fetch, port, options);
  let end: { readonly error: unknown } | undefined;
  const findings = async () => {
    const names = (await state.statuses.get()).map(({ table }) => table);
    return [
      ...(end === undefined ? [] : endFindings(names, end.error)),
      ...runFindings(tally.tables),
      ...(await state.findings.get()),
    ];
  };
  const senders = receivers.map(
    (receiver) =>
      new FindingsSender({ receiver, findings, lake: name, host: ownHostname(), timing, onFailure }),
  );
  const stop = new AbortController();
  const ended = new AbortController();
  for (const sender of senders) void sender.keepLooking(stop.signal);
  return {
    take: (event) => tally.take(event),
    sendFindings: async (error) => {
      stop.abort();
      if (error !== undefined) end = { error };
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
