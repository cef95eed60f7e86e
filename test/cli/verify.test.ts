/** `verify` against a real emulator: it confirms a correct copy, names each kind of difference, and accepts mere lag. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { done, dynalake, expectRefused, fingerprint } from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";
import { hurried, keyOf, parquetFiles, review, rewrite, snapshot, verified } from "./verified-lake.ts";

const emulator = fileEmulator();

test("a copy of every type is proved, and nothing of lake or source is changed", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Proved");
    await table.put(
      review("ann", "Mort", {
        Big: { N: "12345678901234567890123456789012345678" },
        Raw: { B: new Uint8Array([0, 255]) },
      }),
      review("bob", "Mort", {
        Big: { S: "a text" },
        Nothing: { NULL: true },
        Deep: { M: { x: { L: [{ N: "1.50" }] } } },
      }),
      review("cem", "海辺のカフカ", { Nums: { NS: ["2", "1.0"] } }),
    );
    const lake = join(folder, "lake");
    await snapshot(emulator, lake, table.name);
    const before = await fingerprint(lake);
    const { ended, table: found } = await verified(lake);
    expect(ended).toMatchObject({ code: 0 });
    expect(found).toMatchObject({ result: "identical", sourceItems: 3, lakeItems: 3, differences: [] });
    expect(await fingerprint(lake)).toEqual(before);
    const text = await done(["verify", "--lake", lake]);
    expect(text).toContain("compared    3 items of the source with 3 of the lake");
    expect(text).toMatch(/\nresult {6}IDENTICAL/);
  });
});

test("each kind of difference in the lake's files is named by its key and its attributes, and no value is", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Damaged");
    await table.put(
      ...["a", "b", "c", "d", "e", "f"].map((user) =>
        review(user, "Mort", { Note: { S: `secret-${user}` } }),
      ),
    );
    const lake = join(folder, "lake");
    await snapshot(emulator, lake, table.name);
    await table.remove("f", "Mort");
    await done(["run", "--once", "--lake", lake]);
    expect((await verified(lake)).ended).toMatchObject({ code: 0 });

    const [segment] = await parquetFiles(join(lake, "damaged", "segments"));
    await rewrite(
      segment as string,
      `SELECT * REPLACE (CASE WHEN "user" = 'b' THEN 4 ELSE rating END AS rating, CASE WHEN "user" = 'c' THEN 'x' ELSE note END AS note,
         CASE WHEN "user" = 'd' THEN '{"no json' ELSE _unmapped END AS _unmapped) FROM file WHERE "user" <> 'a'
       UNION ALL BY NAME SELECT * FROM file2 WHERE "user" = 'e'`.replace(
        "file2",
        `read_parquet('${segment}.before')`,
      ),
    );
    // The object with the removal.
    for (const object of await parquetFiles(join(lake, "damaged", "changes"))) await rm(object);

    const { ended, table: found } = await verified(lake);
    expect(ended).toMatchObject({ code: 4 });
    const named = found.differences.map(({ _key, ...difference }) => difference);
    expect(named).toHaveLength(6);
    expect(named).toEqual(
      expect.arrayContaining([
        { kind: "missing", key: keyOf("a", "Mort"), attributes: [] },
        { kind: "different", key: keyOf("b", "Mort"), attributes: ["Rating"] },
        { kind: "different", key: keyOf("c", "Mort"), attributes: ["Note"] },
        { kind: "unreadable", key: keyOf("d", "Mort"), attributes: [] },
        { kind: "repeated", key: keyOf("e", "Mort"), attributes: [] },
        { kind: "extra", key: keyOf("f", "Mort"), attributes: [] },
      ]),
    );
    expect(found).toMatchObject({
      result: "different",
      sourceItems: 5,
      counts: { missing: 1, extra: 1, different: 2, repeated: 1, unreadable: 1, waiting: 0, changing: 0 },
    });

    const text = await dynalake(["verify", "--lake", lake, "--max", "2"], { timing: hurried() });
    expect(text).toMatchObject({ code: 4 });
    expect(text.stdout).toContain("...         4 more differences; --max names more\n");
    expect(text.stdout).toMatch(
      /\nresult {6}DIFFERENT: 1 missing in the lake, 1 only in the lake, 2 different, /,
    );
    expect(ended.stdout + ended.stderr + text.stdout + text.stderr).not.toContain("secret-");
  });
});

deepTest(
  "changes that nobody has delivered are no difference: they wait, until `run` proves or disproves the lake",
  async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Behind");
      await table.put(review("ann", "Mort"), review("bob", "Mort"), review("cem", "Mort"));
      const lake = join(folder, "lake");
      await snapshot(emulator, lake, table.name);
      await table.update("ann", "Mort", "Rating", { N: "5" });
      await table.remove("bob", "Mort");
      await table.put(review("dee", "Mort"));

      const behind = await verified(lake);
      expect(behind.ended).toMatchObject({ code: 3 });
      expect(behind.table).toMatchObject({ result: "unsettled", differences: [], counts: { waiting: 3 } });
      expect(behind.table.unsettled.map(({ key }) => key)).toEqual(
        expect.arrayContaining([keyOf("ann", "Mort"), keyOf("bob", "Mort"), keyOf("dee", "Mort")]),
      );

      await done(["run", "--once", "--lake", lake]);
      expect((await verified(lake)).table).toMatchObject({ result: "identical", sourceItems: 3 });

      // Changes before the saved position were delivered: if the lake lacks one, it is lost.
      const delivered = await parquetFiles(join(lake, "behind", "changes"));
      await table.update("ann", "Mort", "Rating", { N: "1" });
      await done(["run", "--once", "--lake", lake]);
      const objects = await parquetFiles(join(lake, "behind", "changes"));
      for (const object of objects) if (!delivered.includes(object)) await rm(object);
      const lost = await verified(lake);
      expect(lost.ended).toMatchObject({ code: 4 });
      expect(lost.table.differences).toMatchObject([
        { kind: "different", key: keyOf("ann", "Mort"), attributes: ["Rating"] },
      ]);
    });
  },
);

describe("what a schema leaves out", () => {
  test("other items and masked attributes are left out of the comparison, and told", async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Chosen");
      await table.put(
        review("ann", "Mort", { Kind: { S: "review" }, Secret: { S: "s" }, Gone: { S: "g" } }),
        review("bob", "Mort", { Kind: { S: "order" } }),
      );
      const schema = join(folder, "chosen.json");
      const attributes = {
        User: { type: "string" },
        Book: { type: "string" },
        Secret: { mask: "sha256" },
        Gone: { mask: "drop" },
      };
      const where = { Kind: { equals: "review" } };
      const key = { hash: "User", range: "Book" };
      await writeFile(schema, JSON.stringify({ table: "chosen", source: "Chosen", key, where, attributes }));
      const lake = join(folder, "lake");
      const env = { DYNALAKE_MASK_KEY: "a long random text" };
      const snapshotOf = ["snapshot", "--source", table.name, "--endpoint", emulator.endpoint];
      await done([...snapshotOf, "--lake", lake, "--schema", schema], { env });
      await table.update("ann", "Mort", "Secret", { S: "another" });
      const { table: found } = await verified(lake);
      expect(found).toMatchObject({
        result: "identical",
        sourceItems: 1,
        lakeItems: 1,
        skipped: 1,
        hidden: ["Gone", "Secret"],
      });
      expect(await done(["verify", "--lake", lake])).toContain(
        "left out    masked attributes: Gone, Secret\n",
      );
    });
  });

  deepTest("a difference whose record lies in quarantine is told with its reason", async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Aside");
      await table.put(review("ann", "Mort"));
      const lake = join(folder, "lake");
      await snapshot(emulator, lake, table.name);
      await table.put(review("bob", "Mort"));
      await done(["run", "--once", "--lake", lake]);
      await rm(join(lake, "aside", "changes"), { recursive: true });
      const raw = JSON.stringify({ eventName: "INSERT", dynamodb: { Keys: keyOf("bob", "Mort") } });
      const file = join(lake, "aside", "quarantine", "no-new-image", "x.jsonl");
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify({ quarantine: 1, raw })}\n`);
      const { ended, table: found } = await verified(lake);
      expect(ended).toMatchObject({ code: 4 });
      expect(found).toMatchObject({
        quarantine: 1,
        differences: [{ kind: "missing", key: keyOf("bob", "Mort"), quarantined: "no-new-image" }],
      });
    });
  });
});

test("a table without a stream is proved too, and what cannot be compared is refused", async () => {
  await withFolder(async (folder) => {
    const table = await SourceTable.create(emulator.connection, "Streamless", "no stream");
    await table.put(review("ann", "Mort"));
    const lake = join(folder, "lake");
    await snapshot(emulator, lake, table.name);
    expect((await verified(lake)).table).toMatchObject({ result: "identical" });
    await table.put(review("bob", "Mort"));
    expect((await verified(lake)).table.differences).toMatchObject([{ kind: "missing" }]);

    const elsewhere = ["verify", "--lake", lake, "--endpoint", "http://127.0.0.1:9"];
    expectRefused(await dynalake(elsewhere), { code: "UNREACHABLE", names: ["127.0.0.1:9"] });
    expectRefused(await dynalake(["verify", "--lake", join(folder, "none")]), {
      code: "LAKE_NOT_FOUND",
      names: ["no lake found"],
    });
  });
});
