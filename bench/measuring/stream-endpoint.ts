/**
 * A DynamoDB endpoint that holds any rate: it serves a table and its stream from prepared texts, in a process of its own.
 * Emulators take a few hundred writes a second.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ItemSize } from "../data/stream-records.ts";

export interface StreamEndpointOptions {
  /** Items of the table. */
  readonly items: number;
  readonly size: ItemSize;
  /** Records that the stream will have. Record n changes the book `b` with the ten digits of n. */
  readonly records: number;
  readonly shards: number;
  /** Default: all records are there at once. */
  readonly recordsPerSecond?: number;
}

export type EndpointMessage =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "began"; readonly atMs: number }
  | { readonly kind: "served"; readonly records: number }
  | { readonly kind: "busy"; readonly share: number };

export type EndpointRequest = { readonly kind: "begin" | "tell-busy" };

export interface StreamEndpoint {
  readonly url: string;
  /** Makes the records come into being from now on; returns the time of the first, in milliseconds since the epoch. */
  begin(): Promise<number>;
  /** When records were first served, in milliseconds since the epoch. */
  firstServedAtMs(): number | undefined;
  /** The part of the time since `begin` for which it had something to do, from 0 to 1. */
  busyShare(): Promise<number>;
  stop(): Promise<void>;
}

export async function startStreamEndpoint(options: StreamEndpointOptions): Promise<StreamEndpoint> {
  const script = fileURLToPath(new URL("serve-stream.ts", import.meta.url));
  const child = fork(script, [JSON.stringify(options)], { execArgv: ["--import", "tsx"] });
  let firstServedAtMs: number | undefined;
  child.on("message", ({ kind }: EndpointMessage) => {
    if (kind === "served") firstServedAtMs ??= Date.now();
  });
  const answer = async <Kind extends EndpointMessage["kind"]>(
    kind: Kind,
  ): Promise<Extract<EndpointMessage, { readonly kind: Kind }>> => {
    for (;;) {
      const [message] = (await once(child, "message")) as [EndpointMessage];
      if (message.kind === kind) return message as Extract<EndpointMessage, { readonly kind: Kind }>;
    }
  };
  const asked = <Kind extends EndpointMessage["kind"]>(
    kind: EndpointRequest["kind"],
    answerKind: Kind,
  ): Promise<Extract<EndpointMessage, { readonly kind: Kind }>> => {
    const answered = answer(answerKind);
    const request: EndpointRequest = { kind };
    child.send(request);
    return answered;
  };
  const { port } = await answer("listening");
  return {
    url: `http://127.0.0.1:${port}`,
    begin: async () => (await asked("begin", "began")).atMs,
    busyShare: async () => (await asked("tell-busy", "busy")).share,
    firstServedAtMs: () => firstServedAtMs,
    stop: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
