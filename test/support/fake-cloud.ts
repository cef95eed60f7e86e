/** What answers in place of AWS to a command that runs as a process of its own: requests over HTTP, met one by one. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { FakeAnswer } from "../aws-adapters/fake-aws.ts";

export interface CloudRequest {
  /** StartExecution, DescribeStacks and so on. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  /** The body of a service that speaks JSON; otherwise undefined. */
  readonly input: Readonly<Record<string, unknown>> | undefined;
}

export interface FakeCloud {
  /** The environment of a command that is to meet it. */
  readonly env: Readonly<Record<string, string>>;
  readonly requests: readonly CloudRequest[];
  close(): Promise<void>;
}

/** Answers every request, or with 500 where `answer` knows none. */
export async function fakeCloud(
  answer: (request: CloudRequest) => FakeAnswer | undefined,
): Promise<FakeCloud> {
  const requests: CloudRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const text = Buffer.concat(pieces).toString("utf8");
      const target = String(incoming.headers["x-amz-target"] ?? "")
        .split(".")
        .at(-1);
      const request = {
        operation: target || (new URLSearchParams(text).get("Action") ?? ""),
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        input: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : undefined,
      };
      requests.push(request);
      const { status = 200, headers = {}, body = "" } = answer(request) ?? { status: 500 };
      outgoing.writeHead(status, headers);
      outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
