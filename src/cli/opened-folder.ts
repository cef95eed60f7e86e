/** A lake in a folder of this machine, with its tables. */
import { lakeItems } from "../embedded/items.ts";
import { openLake } from "../embedded/lake.ts";
import { chosenTables } from "./lake-choice.ts";
import type { FolderTable, OpenedLake } from "./opened-lake.ts";

export async function openFolder(folder: string): Promise<OpenedLake<FolderTable>> {
  const lake = await openLake(folder);
  const { store, engine } = lake;
  return {
    place: lake.root,
    tables: async (name) => {
      const tables = await chosenTables(store, folder, name);
      return tables.map((opened) => ({
        kind: "folder",
        lake,
        store,
        engine,
        opened,
        schema: opened.schema,
        items: (asOfSeconds) => lakeItems(lake, opened, asOfSeconds),
      }));
    },
    close: () => lake.close(),
  };
}
