/** What SQL does not show is told by the snapshot, by `status` and its health, and by `schema drift` with the line to add. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { done, dynalake } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

const items = (price: object, more: object = {}) =>
  Array.from({ length: 10 }, (_, i) => ({ id: { S: `o${i}` }, price, ...more }));

test("a second export in which a number became text and an attribute is new", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const write = (name: string, day: number, own: ReturnType<typeof items>) =>
      writeExport(join(folder, name), own, { table: "Orders", exportTime: `2026-01-${day}T10:00:00.000Z` });
    await write("e1", 10, items({ N: "10" }));
    await write("e2", 11, items({ S: "10.50" }, { coupon: { S: "x" } }));
    await write("e3", 12, items({ N: "10" }, { coupon: { S: "x" } }));
    const take = (name: string, ...options: string[]) =>
      dynalake(["snapshot", "--from-export", join(folder, name), "--lake", lake, ...options]);
    const status = async () => JSON.parse(await done(["status", "--lake", lake, "--json"])).tables[0];
    expect((await take("e1", "--key", "id")).stderr).not.toContain("not in SQL");
    expect(await status()).toMatchObject({ health: "healthy", drift: [] });
    const file = join(lake, "orders/schema.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"evolve": "all"', '"evolve": "none"'));
    await done(["compact", "--lake", lake]);
    expect(await done(["schema", "drift", "--lake", lake])).toBe("orders: SQL shows every value\n");

    const price =
      "price: 10 of 10 values are not in SQL, or not whole: strings in a column of type bigint, since 2026-01-11 09:58:00Z; _unmapped has them";
    const coupon =
      "coupon: 10 values are not in SQL: no column (strings), since 2026-01-11 09:58:00Z; _unmapped has them";
    const second = (await take("e2")).stderr;
    expect(second).toContain(`  drift of orders  ${price}\n`);
    expect(second).toContain(`  drift of orders  ${coupon}\n`);
    const text = await done(["status", "--lake", lake]);
    expect(text).toContain("health      SOME VALUES ARE NOT IN SQL: see drift");
    expect(text).toContain(`drift       ${price}\n`);
    expect(await done(["schema", "drift", "--lake", lake])).toBe(
      `orders:\n  ${coupon}\n    add  "coupon": {"type":"string"}\n  ${price}\n    set  "price": {"type":"string"}\n`,
    );
    expect(JSON.parse(await done(["schema", "drift", "--lake", lake, "--json"]))).toMatchObject({
      table: "orders",
      drift: [
        { attribute: "coupon", hidden: 10, types: { S: 10 } },
        { attribute: "price", hidden: 10, values: 10 },
      ],
    });

    // An attribute without a column is reported, and leaves the table healthy.
    await take("e3");
    expect(await status()).toMatchObject({ health: "healthy", drift: [{ attribute: "coupon" }] });
  });
});
