/** The services that the stream function calls, on the loopback interface: just enough of each for a delivery. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { changeWireColumns } from "../../src/core/row/wire-line.ts";
import type { Schema } from "../../src/core/schema/schema.ts";

export interface LambdaServices {
  readonly url: string;
  close(): void;
}

/** S3 holds the schema, Glue has its columns, and Firehose takes everything. */
export async function lambdaServices(schema: Schema): Promise<LambdaServices> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(schema, request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function answer(schema: Schema, { headers, url }: IncomingMessage, response: ServerResponse): void {
  const target = String(headers["x-amz-target"] ?? url);
  if (target.endsWith("PutRecordBatch")) json(response, { FailedPutCount: 0, RequestResponses: [] });
  else if (target.endsWith("GetTable")) {
    const Columns = changeWireColumns(schema).map(({ name, type }) => ({ Name: name, Type: type }));
    json(response, { Table: { Name: `${schema.table}__changes`, StorageDescriptor: { Columns } } });
  } else if (target.includes("schema.json")) json(response, schema.file);
  else response.writeHead(404).end();
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}
