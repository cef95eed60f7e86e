/** A lake with the table "orders" of a few items, to which changes come one by one, for tests of its schema. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { done, dynalake, type ItemJson } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";
import { writeExport } from "./export-fixture.ts";

export type Attributes = Readonly<Record<string, object>>;

export interface OrdersLake {
  readonly folder: string;
  readonly lake: string;
  /** Its schema.json. */
  readonly own: string;
  /** Delivers an order as it is now, a second after the last one; options go to `replay`, whose notes are returned. */
  readonly change: (id: string, attributes: Attributes, ...options: string[]) => Promise<string>;
  /** Delivers an order that was written like that days ago. */
  readonly changeLate: (id: string, attributes: Attributes) => Promise<string>;
}

/** `attributes`: those that an order has besides its id. */
export async function withOrdersLake(
  ids: readonly string[],
  attributes: (id: string) => Attributes,
  use: (orders: OrdersLake) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const lake = join(folder, "lake");
    const items = ids.map((id): ItemJson => ({ id: { S: id }, ...attributes(id) }) as ItemJson);
    await writeExport(join(folder, "export"), items, {
      table: "Orders",
      exportTime: "2026-01-10T10:00:00.000Z",
    });
    await done(["snapshot", "--from-export", join(folder, "export"), "--lake", lake, "--key", "id"]);
    let sequence = 0;
    // What is days old is late once the table has been compacted.
    const begunSeconds = Math.floor(Date.now() / 1000) - 600;
    const replayed = async (
      [id, changed]: readonly [string, Attributes],
      atSeconds: number,
      options: readonly string[],
    ): Promise<string> => {
      sequence++;
      const recorded = join(folder, `${sequence}.jsonl`);
      const dynamodb = {
        Keys: { id: { S: id } },
        NewImage: { id: { S: id }, ...changed },
        SequenceNumber: String(sequence),
        ApproximateCreationDateTime: atSeconds + sequence,
      };
      await writeFile(recorded, `${JSON.stringify({ eventName: "MODIFY", dynamodb })}\n`);
      const ended = await dynalake(["replay", recorded, "--lake", lake, ...options]);
      expect({ stderr: ended.stderr, code: ended.code }).toMatchObject({ code: 0 });
      return ended.stderr;
    };
    await use({
      folder,
      lake,
      own: join(lake, "orders/schema.json"),
      change: (id, changed, ...options) => replayed([id, changed], begunSeconds, options),
      changeLate: (id, changed) => replayed([id, changed], begunSeconds - 5 * 24 * 3600, []),
    });
  });
}
