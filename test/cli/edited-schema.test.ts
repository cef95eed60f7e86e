/** schema.json is a setting: an edit of it counts at the next snapshot or compaction, or one is told why it does not. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { SchemaFile } from "../../src/core/schema/schema.ts";
import { dynalake, type Ended, rowsOf } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

/** Runs a command that must succeed. */
async function done(...args: readonly string[]): Promise<Ended> {
  const ended = await dynalake(args);
  expect({ args, code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
  return ended;
}

async function took(taking: Promise<Ended>): Promise<Ended> {
  const ended = await taking;
  expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
  return ended;
}

const COUPONS = "SELECT count(coupon) AS n FROM orders";

const items = (price: object) =>
  Array.from({ length: 5 }, (_, i) => ({ id: { S: `o${i}` }, price, coupon: { S: `X${i}` } }));

const recorded = `${JSON.stringify({
  eventName: "MODIFY",
  dynamodb: {
    Keys: { id: { S: "o1" } },
    NewImage: { id: { S: "o1" }, price: { N: "7" }, coupon: { S: "new" } },
    SequenceNumber: "1",
    ApproximateCreationDateTime: 1_800_000_000,
  },
})}\n`;

interface EditedLake {
  readonly folder: string;
  readonly lake: string;
  /** The path of schema.json. */
  readonly file: string;
  readonly edit: (change: (file: SchemaFile) => void) => Promise<void>;
  readonly snapshot: (name: string, ...options: string[]) => Promise<Ended>;
}

/** A lake whose first snapshot had no coupons, and later exports that have them. */
async function withLake(use: (edited: EditedLake) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [lake, table] = [join(folder, "lake"), "Orders"];
    const first = items({ N: "10" }).map(({ coupon: _, ...rest }) => rest);
    await writeExport(join(folder, "e1"), first, { table, exportTime: "2026-01-10T10:00:00.000Z" });
    const later = { exportTime: "2026-01-11T10:00:00.000Z" };
    await writeExport(join(folder, "e2"), items({ N: "10" }), { table, ...later });
    await writeExport(join(folder, "restored"), items({ N: "10" }), { table: "Restored", ...later });
    const snapshot = (name: string, ...options: string[]): Promise<Ended> =>
      dynalake(["snapshot", "--lake", lake, "--from-export", join(folder, name), ...options]);
    await took(snapshot("e1", "--key", "id"));
    const file = join(lake, "orders/schema.json");
    const edit = async (change: (file: SchemaFile) => void): Promise<void> => {
      const content = JSON.parse(await readFile(file, "utf8")) as SchemaFile;
      change(content);
      await writeFile(file, JSON.stringify(content, null, 4));
    };
    await use({ folder, lake, file, edit, snapshot });
  });
}

const addCoupon = ({ attributes }: SchemaFile): void => {
  attributes.coupon = { type: "string" };
};

test("an edit counts at the next snapshot, and is told until then; without changes any edit does", async () => {
  await withLake(async ({ lake, edit, snapshot }) => {
    await edit((file) => {
      addCoupon(file);
      file.attributes.price = { type: "json" };
    });
    expect((await done("status", "--lake", lake)).stdout).toMatch(/^schema\.json .*makes "price" json/m);
    expect((await took(snapshot("e2"))).stderr).toContain("schema.json was edited, and is now the schema of");
    expect(await rowsOf(lake, `${COUPONS} WHERE price = '"10"'`)).toEqual(['{"n":5}']);
    expect((await done("status", "--lake", lake)).stdout).not.toContain("schema.json");
  });
});

test("with changes, a compaction adds the columns of an edit, and what the data rules out is told", async () => {
  await withLake(async ({ folder, lake, edit }) => {
    const file = join(folder, "recorded.jsonl");
    await writeFile(file, recorded);
    await done("replay", file, "--lake", lake);
    await edit(addCoupon);
    const status = (await done("status", "--lake", lake)).stdout;
    expect(status).toContain(
      'orders/schema.json was edited and adds "coupon": the next snapshot or compaction',
    );
    await done("compact", "--lake", lake, "--settle-seconds", "0");
    expect(await rowsOf(lake, COUPONS)).toEqual(['{"n":1}']);
    await edit(({ attributes }) => {
      attributes.price = { type: "array<string>" };
    });
    await done("compact", "--lake", lake, "--settle-seconds", "0");
    expect((await done("status", "--lake", lake)).stdout).toContain(
      "the table cannot change like that: attributes.price.type: it is already bigint",
    );
    expect(await rowsOf(lake, COUPONS)).toEqual(['{"n":1}']);
  });
});

test.each([
  ["is broken", (file: string) => writeFile(file, '{ "table": ')],
  ["is missing", (file: string) => rm(file)],
  [
    "names a type that is none",
    (file: string) =>
      writeFile(file, '{"table":"orders","key":{"hash":"id"},"attributes":{"id":{"type":"text"}}}'),
  ],
])("a file that %s stops nothing and is told", async (_, damage) => {
  await withLake(async ({ lake, file, snapshot }) => {
    await damage(file);
    expect((await took(snapshot("e2"))).stderr).toContain("orders/schema.json is");
    await done("compact", "--lake", lake);
    expect(await rowsOf(lake, "SELECT count(price) AS n FROM orders")).toEqual(['{"n":5}']);
  });
});

test("a table without a snapshot has its schema from its first compaction on", async () => {
  await withFolder(async (folder) => {
    const [lake, file] = [join(folder, "lake"), join(folder, "recorded.jsonl")];
    await writeFile(file, recorded);
    await done("replay", file, "--name", "orders", "--key", "id", "--lake", lake);
    await done("compact", "--lake", lake, "--settle-seconds", "0");
    await rm(join(lake, "orders/schema.json"));
    expect(await rowsOf(lake, "SELECT id FROM orders")).toEqual(['{"id":"o1"}']);
    expect((await done("status", "--lake", lake)).stdout).toContain("orders/schema.json is missing");
  });
});

test("an earlier schema, which a crash has left in the file, is no edit", async () => {
  await withLake(async ({ lake, file, edit, snapshot }) => {
    const before = await readFile(file);
    await edit(addCoupon);
    await took(snapshot("e2"));
    await writeFile(file, before);
    expect((await done("status", "--lake", lake)).stdout).toContain(
      "orders/schema.json holds an earlier schema of the table, and is not used",
    );
    await done("compact", "--lake", lake);
    expect(await rowsOf(lake, COUPONS)).toEqual(['{"n":5}']);
  });
});

deepTest("an edit that goes back to what was is an edit", async () => {
  await withLake(async ({ lake, file }) => {
    const evolveOf = async () => JSON.parse(await readFile(file, "utf8")).evolve;
    const set = async (evolve: string) => {
      await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), evolve }));
      expect((await done("status", "--lake", lake)).stdout).toContain(
        "the next snapshot or compaction applies it",
      );
      await done("compact", "--lake", lake);
      expect((await done("status", "--lake", lake)).stdout).not.toContain("schema.json");
    };
    const first = await evolveOf();
    expect(first).toBe("all");
    for (const evolve of ["none", "all", "none"]) await set(evolve);
    expect(await evolveOf()).toBe("none");
  });
});

test("a table that was restored under a new name is taken in as the error advises", async () => {
  await withLake(async ({ folder, lake, file, snapshot }) => {
    const refused = await snapshot("restored", "--name", "orders");
    expect(refused.stderr).toContain("correct `source` in the schema file and pass it (`--schema FILE`)");
    const schema = join(folder, "s.json");
    await writeFile(schema, (await readFile(file, "utf8")).replace('"Orders"', '"Restored"'));
    await took(snapshot("restored", "--schema", schema));
    expect((await done("status", "--lake", lake)).stdout).toContain("orders (source Restored)");
  });
});
