/** Adding a column for an attribute that the schema lacked: what users see before and after, and what is rejected. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import {
  done,
  dynalake,
  expectRefused,
  fingerprint,
  type ItemJson,
  lakeItems,
  nextSecond,
  rowsOf,
} from "../support/cli.ts";
import { deepTest } from "../support/deep-test.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";
import { fileEmulator } from "./file-emulator.ts";
import { SourceTable } from "./source-table.ts";

const emulator = fileEmulator();

const ATTRIBUTES = { User: { type: "string" }, Book: { type: "string" }, Rating: { type: "int" } };

const schemaText = (attributes: object): string =>
  JSON.stringify({
    table: "reviews",
    key: { hash: "User", range: "Book" },
    attributes: { ...ATTRIBUTES, ...attributes },
  });

/** A recorded change. */
const change = (
  sequence: number,
  user: string,
  more: ItemJson,
  changedAtSeconds = 1_700_000_000 + sequence,
): string => {
  const Keys = { User: { S: user }, Book: { S: "Mort" } };
  const dynamodb = {
    NewImage: { ...Keys, ...more },
    Keys,
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: changedAtSeconds,
  };
  return `${JSON.stringify({ eventName: "MODIFY", dynamodb })}\n`;
};

const item = (user: string, more: ItemJson): ItemJson => ({
  User: { S: user },
  Book: { S: "Mort" },
  ...more,
});

const SHOWN = "SELECT user, rating, author, tags FROM reviews ORDER BY user";

deepTest(
  "an attribute gets its column years of changes later, by replay: rows, history, the past, compactions, refusals",
  async () => {
    await withFolder(async (folder) => {
      const lake = join(folder, "lake");
      const file = async (name: string, content: string): Promise<string> => {
        await writeFile(join(folder, name), content);
        return join(folder, name);
      };
      const narrow = await file("narrow.json", schemaText({}));
      const exported = await writeExport(join(folder, "export"), [
        item("ann", { Rating: { N: "5" }, Author: { S: "Terry" }, Tags: { SS: ["b", "a"] } }),
        item("bob", { Author: { N: "7" } }),
        item("cem", { Author: { S: "Haruki" } }),
      ]);
      await done(["snapshot", "--from-export", exported, "--lake", lake, "--schema", narrow]);
      const early = await file(
        "early.jsonl",
        change(10, "bob", { Author: { S: "Pratchett" } }) + change(11, "dan", { Tags: { L: [{ S: "x" }] } }),
      );
      await done(["replay", early, "--lake", lake]);
      await done(["compact", "--lake", lake]);
      const later = await file(
        "later.jsonl",
        change(20, "cem", { Rating: { N: "1" }, Author: { S: "Murakami" } }),
      );
      await done(["replay", later, "--lake", lake]);
      const before = await lakeItems(lake);
      const asOf = new Date((await nextSecond()) * 1000).toISOString();

      // A schema file that adds two columns, then one change.
      const wide = await file(
        "wide.json",
        schemaText({ Author: { type: "string" }, Tags: { type: "array<string>", set: true } }),
      );
      const newest = await file(
        "newest.jsonl",
        change(30, "eve", { Author: { S: "Le Guin" } }, Math.floor(Date.now() / 1000)),
      );
      const replayed = await dynalake(["replay", newest, "--lake", lake, "--schema", wide]);
      expect(replayed).toMatchObject({ code: 0, stdout: 'Replayed 1 change into "reviews"\n' });
      expect(replayed.stderr).toContain(
        '"reviews" has new columns: "author", "tags". Earlier values come from _unmapped',
      );
      expect(
        JSON.parse(await readFile(join(lake, "reviews", "schema.json"), "utf8")).attributes,
      ).toHaveProperty("Author");

      const rows = [
        '{"user":"ann","rating":5,"author":"Terry","tags":["a","b"]}',
        '{"user":"bob","rating":null,"author":"Pratchett","tags":null}',
        '{"user":"cem","rating":1,"author":"Murakami","tags":null}',
        '{"user":"dan","rating":null,"author":null,"tags":["x"]}',
        '{"user":"eve","rating":null,"author":"Le Guin","tags":null}',
      ];
      const expectRows = async () => expect(await rowsOf(lake, SHOWN)).toEqual(rows);
      await expectRows();
      const history = "SELECT user, author, tags FROM reviews_history ORDER BY _version";
      const expectHistory = async () =>
        expect(await rowsOf(lake, history)).toEqual([
          '{"user":"bob","author":"Pratchett","tags":null}',
          '{"user":"dan","author":null,"tags":["x"]}',
          '{"user":"cem","author":"Murakami","tags":null}',
          '{"user":"eve","author":"Le Guin","tags":null}',
        ]);
      await expectHistory();
      const snapshot = "SELECT author, tags FROM reviews_snapshots ORDER BY user";
      const first = [
        '{"author":"Terry","tags":["a","b"]}',
        '{"author":null,"tags":null}',
        '{"author":"Haruki","tags":null}',
      ];
      expect(await rowsOf(lake, snapshot)).toEqual(first);

      // Past states have the columns of their time, and all items.
      const past = "SELECT * EXCLUDE (_version) FROM reviews WHERE user = 'ann'";
      expect(JSON.parse((await rowsOf(lake, past, "--as-of", asOf))[0] ?? "")).toEqual({
        user: "ann",
        book: "Mort",
        rating: 5,
        _op: "SNAPSHOT",
        _changed_at: "2023-11-14T22:11:20Z",
        _expired: false,
        _unmapped: '{"Author":{"S":"Terry"},"Tags":{"SS":["a","b"]}}',
      });
      expect(await lakeItems(lake, "--as-of", asOf)).toEqual(before);
      const items = await lakeItems(lake);
      expect(items).toEqual(
        [...before, ...(await lakeItems(lake)).filter((text) => text.includes("Le Guin"))].sort(),
      );
      expect(items).toHaveLength(5);

      // Compactions write the columns, and no longer need _unmapped. They leave out the second in which they begin.
      await nextSecond();
      await done(["compact", "--lake", lake]);
      await expectRows();
      await done(["compact", "--lake", lake, "--all"]);
      await expectRows();
      await expectHistory();
      expect(await rowsOf(lake, snapshot)).toEqual(first);
      expect(await lakeItems(lake)).toEqual(items);
      const segments = await rowsOf(lake, "SELECT author FROM reviews__segments ORDER BY user");
      expect(segments).toEqual(rows.map((row) => JSON.stringify({ author: JSON.parse(row).author })));

      const manifests = await readdir(join(lake, "reviews", "manifest"));
      const newestCommit = await readFile(
        join(lake, "reviews", "manifest", manifests.sort().at(-1) ?? ""),
        "utf8",
      );
      const { segments: live, snapshots, recovery } = JSON.parse(newestCommit);
      expect(recovery.segments).toEqual(snapshots[0].segments.map(({ id }: { id: string }) => id));
      expect(live.map(({ id }: { id: string }) => id)).not.toContain(recovery.segments[0]);

      // A change that the data does not allow is rejected, and nothing is changed.
      const refused = { Rating: { type: "string" }, Author: { mask: "sha256" } };
      const other = await file("other.json", schemaText(refused));
      const unchanged = await fingerprint(lake);
      for (const command of [
        ["replay", newest, "--schema", other],
        ["snapshot", "--from-export", exported, "--schema", other],
        ["run", "--once", "--schema", other],
      ]) {
        expectRefused(await dynalake([...command, "--lake", lake]), {
          code: "SCHEMA_INVALID",
          names: [
            "other.json",
            '"reviews"',
            "attributes.Rating.type: it is already int",
            "attributes.Author.mask",
            "attributes.Tags",
          ],
          next: "another lake",
        });
      }
      expect(await fingerprint(lake)).toEqual(unchanged);
    });
  },
);

deepTest(
  "a snapshot brings the column with its own commit, and run before it follows the stream",
  async () => {
    await withFolder(async (folder) => {
      const table = await SourceTable.create(emulator.connection, "Reviews");
      const lake = join(folder, "lake");
      const [narrow, wide, wider] = await Promise.all(
        [{}, { Author: { type: "string" } }, { Author: { type: "string" }, Year: { type: "int" } }].map(
          async (more, i) => {
            const path = join(folder, `${i}.json`);
            await writeFile(path, schemaText(more));
            return path;
          },
        ),
      );
      const from = ["--source", "Reviews", "--endpoint", emulator.endpoint, "--lake", lake];
      const put = (user: string, author: string) =>
        table.put({ User: { S: user }, Book: { S: "Mort" }, Author: { S: author }, Year: { N: "1987" } });
      await put("ann", "Terry");
      await done(["snapshot", ...from, "--schema", narrow ?? ""]);
      await put("bob", "Terence");
      await done(["run", "--once", "--lake", lake]);

      const followed = await dynalake(["run", ...from, "--once", "--schema", wide ?? ""]);
      expect(followed).toMatchObject({ code: 0 });
      expect(followed.stderr).toContain(
        '"reviews" has a new column: "author". Earlier values come from _unmapped',
      );
      await put("cem", "Pratchett");
      await done(["run", "--once", "--lake", lake]);
      const authors = "SELECT user, author FROM reviews ORDER BY user";
      const rows = [
        '{"user":"ann","author":"Terry"}',
        '{"user":"bob","author":"Terence"}',
        '{"user":"cem","author":"Pratchett"}',
      ];
      expect(await rowsOf(lake, authors)).toEqual(rows);
      // Applying the same file again changes nothing.
      expect((await dynalake(["run", ...from, "--once", "--schema", wide ?? ""])).stderr).not.toContain(
        "new column",
      );

      const taken = await dynalake(["snapshot", ...from, "--schema", wider ?? ""]);
      expect(taken).toMatchObject({ code: 0, stdout: 'Snapshot of Reviews: 3 items in "reviews"\n' });
      expect(taken.stderr).toContain('"reviews" has a new column: "year"');
      expect(await rowsOf(lake, authors)).toEqual(rows);
      const years = ['{"year":1987}', '{"year":1987}', '{"year":1987}'];
      expect(await rowsOf(lake, "SELECT year FROM reviews")).toEqual(years);
      expect(await rowsOf(lake, "SELECT max(year) AS year FROM reviews_history GROUP BY _version")).toEqual(
        years,
      );
      expect(await lakeItems(lake)).toEqual(await table.items());
    });
  },
);

test("a change that was delivered before and after its column was declared counts as delivered after", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const changes = Array.from({ length: 20 }, (_, i) =>
      change(i + 1, `user-${i}`, { Author: { S: "Terry" } }),
    );
    const recording = await file("changes.jsonl", changes.join(""));
    const narrow = await file("narrow.json", schemaText({}));
    const wide = await file("wide.json", schemaText({ Author: { type: "string" } }));
    for (const schema of [narrow, wide])
      await done(["replay", recording, "--lake", lake, "--name", "reviews", "--schema", schema]);
    const unmapped = (of: string): string => `SELECT count(*) AS n, count(_unmapped) AS unmapped FROM ${of}`;
    expect(await rowsOf(lake, unmapped("reviews"))).toEqual(['{"n":20,"unmapped":0}']);
    expect(await rowsOf(lake, unmapped("reviews_history"))).toEqual(['{"n":20,"unmapped":0}']);
  });
});

test("a key whose column is declared between two of its changes is one row", async () => {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const schema = (attributes: object): string =>
      JSON.stringify({ table: "reviews", key: { hash: "User", range: "Book" }, attributes });
    const now = Math.floor(Date.now() / 1000);
    const rated = (sequence: number, rating: number): string =>
      change(sequence, "ann", { Rating: { N: String(rating) } }, now);
    const narrow = await file("narrow.json", schema({ Rating: { type: "int" } }));
    const wide = await file("wide.json", schema({ Rating: { type: "int" }, User: { type: "string" } }));
    const deliver = async (name: string, recording: string, schemaFile: string): Promise<string> =>
      done([
        "replay",
        await file(name, recording),
        "--lake",
        lake,
        "--name",
        "reviews",
        "--schema",
        schemaFile,
      ]);
    await deliver("first.jsonl", rated(1, 1), narrow);
    await deliver("second.jsonl", rated(2, 2), wide);
    const shown = ['{"user":"ann","rating":2}'];
    expect(await rowsOf(lake, "SELECT user, rating FROM reviews")).toEqual(shown);
    await done(["compact", "--lake", lake]);
    await deliver("third.jsonl", rated(3, 3), wide);
    expect(await rowsOf(lake, "SELECT user, rating FROM reviews WHERE user = 'ann'")).toEqual([
      '{"user":"ann","rating":3}',
    ]);
  });
});
