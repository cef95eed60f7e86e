/** The AWS adapters against the emulator: S3, Glue, Firehose, and Athena's SQL on a real Trino. */
import { randomBytes } from "node:crypto";
import { beforeAll } from "@jest/globals";
import { firehoseSink } from "../../src/aws/firehose-sink.ts";
import { registerLakeEngineTests } from "../conformance/lake-engine.ts";
import { registerNumberTextTests } from "../conformance/number-text.ts";
import { registerObjectStoreTests } from "../conformance/object-store.ts";
import { registerLakeOnAthenaTests } from "./lake-on-athena.ts";
import { sharedEmulator } from "./support/emulator.ts";
import { type TestLake, testLake } from "./support/lake-tables.ts";

beforeAll(async () => {
  const emulator = await sharedEmulator();
  await emulator.athenaReady();
});

async function withTestLake(use: (lake: TestLake) => Promise<void>): Promise<void> {
  const lake = await testLake(randomBytes(5).toString("hex"));
  try {
    await use(lake);
  } finally {
    lake.close();
  }
}

registerObjectStoreTests("in S3", (use) => withTestLake(({ store }) => use(store)));

registerLakeEngineTests("on AWS", (use) =>
  withTestLake(async (lake) => {
    const streams = new Map<string, string>();
    await use({
      store: lake.store,
      engine: lake.engine,
      givesRowsAsTheyLie: false,
      declare: async (schema) => void streams.set(schema.table, await lake.declare(schema)),
      sink: ({ table }) =>
        firehoseSink({ client: lake.clients.firehose, stream: streams.get(table) ?? "not declared" }),
    });
  }),
);

registerNumberTextTests("in Athena", (use) => withTestLake(({ engine }) => use(engine)));

registerLakeOnAthenaTests(withTestLake);
