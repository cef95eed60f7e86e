/** Servers of this process: they listen until they are closed. */
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { DynalakeError } from "../core/error.ts";

export interface ListenOptions {
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
  /** The option that chooses another port, for messages. */
  readonly option: string;
}

export interface Listening {
  readonly port: number;
  /** Ends open connections, too. */
  close(): Promise<void>;
}

/** Rejects with USAGE if the port or the address cannot be had. */
export async function listening(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ListenOptions,
): Promise<Listening> {
  const { hostname, port } = options;
  const server = serve({ fetch, hostname, port });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(cause, options)));
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function listenError(cause: NodeJS.ErrnoException, { hostname, port, option }: ListenOptions): unknown {
  const { code = "" } = cause;
  if (["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EINVAL"].includes(code))
    return new DynalakeError("USAGE", `${hostname} is not an address of this machine`, {
      cause,
      next: "Give 127.0.0.1, 0.0.0.0 for all of its addresses, or one of them.",
    });
  if (code !== "EADDRINUSE" && code !== "EACCES") return cause;
  const why = code === "EADDRINUSE" ? "is in use" : "needs more rights";
  return new DynalakeError("USAGE", `port ${port} ${why}`, {
    cause,
    next: `Choose another one with ${option}, such as ${option} ${port === 4748 ? 4749 : 4748}.`,
  });
}
