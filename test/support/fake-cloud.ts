/** Answers the HTTP requests of a command in another process, in place of AWS. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { FakeAnswer } from "../aws-adapters/fake-aws.ts";

export interface CloudRequest {
  /** Such as StartExecution or DescribeStacks. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  /** The body, for services with a JSON protocol; otherwise undefined. */
  readonly input: Readonly<Record<string, unknown>> | undefined;
  /** The body. */
  readonly text: string;
}

export interface FakeCloud {
  /** The environment for a command that uses it. */
  readonly env: Readonly<Record<string, string>>;
  readonly requests: readonly CloudRequest[];
  close(): Promise<void>;
}

/** Lines of JSON, which an object of S3 may have, are none. */
function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Answers every request, with status 500 if `answer` returns nothing. */
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
        input: jsonOf(text),
        text,
      };
      requests.push(request);
      const { status = 200, headers = {}, body = "" } = answer(request) ?? { status: 500 };
      outgoing.writeHead(status, headers);
      outgoing.end(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body));
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
