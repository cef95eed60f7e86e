/** The services that the stream function calls, on the loopback interface: just enough of each for a delivery. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TableEntry } from "../../src/aws/contracts/registry.ts";
import { tableEntriesFolder, tableEntryPath } from "../../src/core/format/deployment-path.ts";
import { lakeFileBytes } from "../../src/core/format/lake-file.ts";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";

export interface LambdaServices {
  readonly url: string;
  close(): void;
}

/** The source in the registry, and the table's delivery stream. */
export const SOURCE = "reviews-source";
export const DELIVERY_STREAM = "reviews";

/** S3 holds the schema and the table's entry, Glue has its columns, and Firehose takes everything. */
export async function lambdaServices(schema: Schema): Promise<LambdaServices> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(schema, request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function answer(
  schema: Schema,
  { headers, method, url = "" }: IncomingMessage,
  response: ServerResponse,
): void {
  const target = String(headers["x-amz-target"] ?? decodeURIComponent(url));
  if (target.endsWith("PutRecordBatch")) json(response, { FailedPutCount: 0, RequestResponses: [] });
  else if (target.endsWith("GetTable")) {
    const Columns = changeWireColumns(schema).map(({ name, type }) => ({ Name: name, Type: type }));
    json(response, { Table: { Name: `${schema.table}__changes`, StorageDescriptor: { Columns } } });
  } else if (target.includes("list-type=2")) list(response, target);
  else if (target.includes(tableEntryPath(SOURCE, schema.table)))
    response.writeHead(200).end(lakeFileBytes(tableEntry(schema)));
  else if (target.includes("schema.json")) json(response, schema.file);
  else if (method === "PUT") response.writeHead(200, { etag: '"1"' }).end();
  else response.writeHead(404).end();
}

/** Objects below a folder: the table's entry in the registry, and none elsewhere. */
function list(response: ServerResponse, target: string): void {
  const key = tableEntryPath(SOURCE, DELIVERY_STREAM);
  const entries = target.includes(`prefix=${tableEntriesFolder(SOURCE)}`)
    ? `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`
    : "";
  response
    .writeHead(200, { "content-type": "application/xml" })
    .end(`<ListBucketResult><IsTruncated>false</IsTruncated>${entries}</ListBucketResult>`);
}

function tableEntry(schema: Schema): TableEntry {
  return {
    ...{ stack: "Bench", source: SOURCE, schema: schema.file, deliveryStream: DELIVERY_STREAM },
    ...{ retentionHours: 168, bufferSeconds: 60, schemaSettleSeconds: 60, firstSnapshotEverySeconds: 900 },
    served: [{ configuration: "1", fromSeconds: 0 }],
  };
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}
