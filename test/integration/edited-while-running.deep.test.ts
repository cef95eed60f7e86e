/** A schema that follows its data is written to schema.json, and never over what people wrote there in the meantime. */
import { readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Lake, openLake } from "../../src/index.ts";
import { writeExport } from "../cli/export-fixture.ts";
import { withFolder } from "../support/folders.ts";

type Attributes = Readonly<Record<string, object>>;

interface Orders {
  readonly folder: string;
  readonly lake: Lake;
  readonly snapshot: (attributes: Attributes, onWriting?: () => void) => Promise<void>;
  /** Adds the column "note". */
  readonly edit: () => void;
  readonly written: () => readonly string[];
  readonly columns: () => Promise<readonly string[]>;
}

async function withOrders(use: (orders: Orders) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await using lake = await openLake(join(folder, "lake"), { threads: 1 });
    const file = join(folder, "lake/orders/schema.json");
    const content = () => JSON.parse(readFileSync(file, "utf8"));
    let day = 10;
    await use({
      folder,
      lake,
      snapshot: async (attributes, onWriting) => {
        const path = join(folder, `export-${day}`);
        const exportTime = `2026-01-${day++}T10:00:00.000Z`;
        await writeExport(path, [{ id: { S: "o1" }, ...attributes }], { table: "Orders", exportTime });
        await lake.snapshot(
          { export: path },
          {
            name: "orders",
            key: { hash: "id" },
            onEvent: (event) => {
              if (event.kind === "progress" && event.step === "writing") onWriting?.();
            },
          },
        );
      },
      edit: () => {
        const schema = content();
        schema.attributes.note = { type: "string" };
        writeFileSync(file, JSON.stringify(schema));
      },
      written: () => Object.keys(content().attributes),
      columns: async () => Object.keys((await lake.table("orders").schema()).attributes),
    });
  });
}

test("an edit while a snapshot runs stays, and the table has what the snapshot found", async () => {
  await withOrders(async ({ snapshot, edit, written, columns }) => {
    await snapshot({ price: { N: "10" } });
    await snapshot({ price: { N: "10" }, coupon: { S: "X" } }, edit);
    expect(await columns()).toEqual(["id", "price", "coupon"]);
    expect(written()).toEqual(["id", "price", "note"]);
  });
});

test("an edit while a compaction runs stays, and counts at the next one", async () => {
  await withOrders(async ({ folder, lake, snapshot, edit, written, columns }) => {
    await snapshot({ price: { N: "10" } });
    const recorded = join(folder, "recorded.jsonl");
    const dynamodb = {
      Keys: { id: { S: "o1" } },
      NewImage: { id: { S: "o1" }, price: { N: "7" }, coupon: { S: "X" } },
      SequenceNumber: "1",
      ApproximateCreationDateTime: 1_795_000_000,
    };
    await writeFile(recorded, `${JSON.stringify({ eventName: "MODIFY", dynamodb })}\n`);
    const orders = lake.table("orders");
    await lake.replay([recorded]);
    await orders.compact({
      settleSeconds: 0,
      onEvent: (event) => {
        if (event.kind === "compacted") edit();
      },
    });
    expect(written()).toEqual(["id", "price", "note"]);
    await orders.compact();
    expect(await columns()).toEqual(["id", "price", "note"]);
  });
});
