/** A bucket of S3 in memory, behind a server: what the SDK needs to put, list and delete objects. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeBucket {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** For `withAwsSettings`. */
  readonly settings: Readonly<Record<string, string>>;
  put(key: string, content: string): void;
  close(): Promise<void>;
}

/** `refuses`: whether S3 denies this request. */
export async function fakeBucket(
  name: string,
  refuses: (method: string, key: string) => boolean = () => false,
): Promise<FakeBucket> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://s3");
    const key = decodeURIComponent(pathname.slice(`/${name}/`.length));
    const { method = "" } = request;
    const answer = (status: number, code = ""): void => {
      response.writeHead(status).end(code && `<Error><Code>${code}</Code><Message>no</Message></Error>`);
    };
    if (!pathname.startsWith(`/${name}`)) return answer(404, "NoSuchBucket");
    if (refuses(method, key)) return answer(403, "AccessDenied");
    if (method === "GET") {
      const listed = [...objects].filter(([each]) => each.startsWith(searchParams.get("prefix") ?? ""));
      response.end(
        `<ListBucketResult><IsTruncated>false</IsTruncated>${listed
          .map(([each, content]) => `<Contents><Key>${each}</Key><Size>${content.length}</Size></Contents>`)
          .join("")}</ListBucketResult>`,
      );
      return;
    }
    if (method === "DELETE") {
      objects.delete(key);
      return answer(204);
    }
    const content = Buffer.concat(pieces);
    const { "content-md5": md5, "if-none-match": ifNoneMatch } = request.headers;
    if (md5 !== undefined && createHash("md5").update(content).digest("base64") !== md5)
      return answer(400, "BadDigest");
    if (ifNoneMatch === "*" && objects.has(key)) return answer(412, "PreconditionFailed");
    objects.set(key, content);
    answer(200);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    objects,
    settings: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    put: (key, content) => objects.set(key, Buffer.from(content)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
