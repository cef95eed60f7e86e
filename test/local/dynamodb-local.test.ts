// Runs by `npm run test:local`, which tells where DynamoDB Local is, or why there is none.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compareWithScan } from "../../src/demo/compare.ts";
import { ratedBy, reviews } from "../../src/demo/reviews.ts";
import {
  changeAuthor,
  createReviewsTable,
  deleteReview,
  loadReviews,
  putReview,
} from "../../src/demo/reviews-table.ts";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { openLake } from "../../src/index.ts";
import { connectSource, type SourceConnection } from "../../src/source/source-connection.ts";
import { registerChangeSourceTests } from "../conformance/change-source.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import { withFolder } from "../support/folders.ts";
import { streamHarness } from "../support/stream-harness.ts";

const jar = process.env.DYNAMODB_LOCAL_JAR;
const whereThereIsOne = jar === undefined ? describe.skip : describe;

whereThereIsOne("on DynamoDB Local", () => {
  let emulator: Emulator;
  let connection: SourceConnection;

  beforeAll(async () => {
    emulator = await startEmulator({
      kinds: ["dynamodb-local-jar"],
      dynamoDbLocalJar: jar as string,
      searchPath: process.env.PATH as string,
    });
    connection = connectSource({ endpoint: emulator.endpoint });
  }, 90_000);

  afterAll(async () => {
    connection?.close();
    await emulator?.stop();
  });

  registerChangeSourceTests("DynamoDB Local", () => streamHarness(connection));

  test("a snapshot, the changes after it and a compaction give the table, item for item", async () => {
    await withFolder(async (folder) => {
      const loaded = reviews(600);
      await createReviewsTable(connection);
      await loadReviews(connection, loaded);
      const source = ["--source", "Reviews", "--endpoint", emulator.endpoint, "--lake", folder];
      expect(await dynalakeProcess(["snapshot", ...source])).toMatchObject({ code: 0 });
      await putReview(connection, { User: "new", Book: "b", Rating: 5, Author: "J.K. Rowling" });
      await changeAuthor(connection, loaded[0] as (typeof loaded)[number], "Nobody");
      await deleteReview(connection, loaded[1] as (typeof loaded)[number]);
      expect(await dynalakeProcess(["run", "--once", ...source])).toMatchObject({ code: 0 });
      expect(ratedBy(loaded, "J.K. Rowling")).toBeGreaterThan(0);
      for (const command of [["status"], ["compact", "--all"], ["status"]]) {
        expect(await dynalakeProcess([...command, "--lake", folder])).toMatchObject({ code: 0 });
        const lake = await openLake(folder);
        try {
          const items = lake.table("reviews").items();
          expect(await compareWithScan(connection, "Reviews", items)).toEqual({
            items: 600,
            missing: 0,
            extra: 0,
          });
        } finally {
          await lake.close();
        }
      }
    });
  });
});
