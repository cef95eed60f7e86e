/** Attributes named `__proto__` survive the SDK. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Item } from "../../src/core/values/attribute-value.ts";
import { toEventRecord } from "../../src/source/event-record.ts";
import { toItemJson } from "../../src/source/item-json.ts";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { item } from "../arbitraries/item.ts";
import * as fc from "../support/fast-check.ts";

describe("attributes that the SDK cannot read, or would read otherwise", () => {
  let answer = "";
  let server: Server;
  let source: SourceConnection;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => response.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    source = connectSource({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });

  afterAll(() => {
    source.close();
    server.closeAllConnections();
    server.close();
  });

  /** The item as returned by a scan and by a look for its key, and as in its record on the stream. */
  async function given(wire: Item): Promise<readonly string[]> {
    const { signal } = new AbortController();
    answer = JSON.stringify({ Items: [wire], Count: 1, ScannedCount: 1 });
    const scanned = (await source.tables.scan({ TableName: "T" }, signal)).Items ?? [];
    answer = JSON.stringify({ Responses: { T: [wire] } });
    const batch = new BatchGetItemCommand({ RequestItems: { T: { Keys: [{ Id: { S: "1" } }] } } });
    const found = (await source.client.send(batch)).Responses?.T ?? [];
    answer = JSON.stringify({ Records: [{ dynamodb: { NewImage: wire } }] });
    const { Records = [] } = await source.streams.getRecords({ ShardIterator: "I" }, signal);
    const { dynamodb } = toEventRecord(Records[0] ?? {}, "arn") as { dynamodb: { NewImage: unknown } };
    return [
      ...scanned.map((each) => JSON.stringify(each)),
      ...found.map((each) => JSON.stringify(toItemJson(each))),
      JSON.stringify(dynamodb.NewImage),
    ];
  }

  const names = ["__proto__", "__proto__\ue000", "__proto__\ue000\ue000", "\ue000", 'x"__proto__', "x\\"];

  test.each([...names, "constructor", "toString"])("come back whole under the name %j", async (name) => {
    const inner = { M: Object.fromEntries([[name, { S: `"${name}":` }]]) };
    const wire = Object.fromEntries([
      ["a", inner],
      [name, { L: [inner, { N: "1" }] }],
      ["z", { S: name }],
    ]) as Item;
    expect(await given(wire)).toEqual(Array(3).fill(JSON.stringify(wire)));
  });

  test("of a scan and of a stream are as the service wrote them: binary values are not decoded and encoded", async () => {
    const b = { B: "AR==" };
    const wire: Item = { b, set: { BS: ["AR==", "Ag=="] }, list: { L: [{ M: { b } }, b] } };
    const [scanned, , streamed] = await given(wire);
    expect([scanned, streamed]).toEqual([JSON.stringify(wire), JSON.stringify(wire)]);
  });

  test("come back whole beside any others", async () => {
    const named = fc.tuple(item, fc.constantFrom(...names), item).map(([one, name, other]) => ({
      ...one,
      ...Object.fromEntries([[name, { M: other }]]),
    }));
    await fc.assert(
      fc.asyncProperty(named, async (wire) => {
        expect(await given(wire)).toEqual(Array(3).fill(JSON.stringify(wire)));
      }),
      { numRuns: 60 },
    );
  });
});
