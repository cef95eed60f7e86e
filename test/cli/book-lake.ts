/** A lake of books whose source is gone, for tests of what is made of its items. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { done, type ItemJson } from "../support/cli.ts";
import { writeExport } from "./export-fixture.ts";

export function books(count: number): readonly ItemJson[] {
  return Array.from({ length: count }, (_, i) => book(i));
}

/** Every type, digits that no double has, and a name that JavaScript objects know. */
function book(i: number): ItemJson {
  return {
    User: { S: `user ${i % 7}` },
    Book: { S: `book ${i}` },
    Price: { N: `${i}.00000000000000000000000000000001` },
    Data: { B: Buffer.from([i % 256, 0, 255]).toString("base64") },
    Sets: { M: { S: { SS: ["b", "a"] }, N: { NS: ["2", "1"] }, B: { BS: ["AQ==", "AA=="] } } },
    More: { L: [{ NULL: true }, { BOOL: false }, { M: {} }, { S: "" }] },
    [i === 3 ? "constructor" : "Other"]: { S: "𝄞 \u0000" },
  };
}

/** A lake with an export of so many items, whose source is gone. */
export async function lakeOf(folder: string, items: readonly ItemJson[], source = "Gone"): Promise<string> {
  const [lake, name] = [join(folder, "lake"), join(folder, "export")];
  await writeExport(name, items, { table: source });
  await done(["snapshot", "--from-export", name, "--key", "User,Book", "--name", "books", "--lake", lake]);
  return lake;
}

/** As `aws dynamodb describe-table` answers. */
export async function likeFile(folder: string, indexes: object = {}): Promise<string> {
  const file = join(folder, "like.json");
  const description = {
    AttributeDefinitions: [
      { AttributeName: "User", AttributeType: "S" },
      { AttributeName: "Book", AttributeType: "S" },
      { AttributeName: "Price", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "User", KeyType: "HASH" },
      { AttributeName: "Book", KeyType: "RANGE" },
    ],
    ...indexes,
  };
  await writeFile(file, JSON.stringify({ Table: description }));
  return file;
}
