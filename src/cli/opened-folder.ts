/** A lake in a folder of this machine, with its tables. */

import { chosenSchemas } from "../core/table/chosen-schemas.ts";
import { openLakeFolder } from "../embedded/folder/lake-folder.ts";
import { lakeItems } from "../embedded/reading/items.ts";
import type { CommandContext } from "./command.ts";
import type { FolderTable, OpenedLake } from "./opened-lake.ts";

export async function openFolder(
  { absolute }: Pick<CommandContext, "absolute">,
  folder: string,
): Promise<OpenedLake<FolderTable>> {
  const lake = await openLakeFolder(absolute(folder));
  const { store, engine } = lake;
  return {
    place: lake.root,
    tables: async (name) => {
      const schemas = await chosenSchemas(store, folder, name);
      return schemas.map((schema) => ({
        kind: "folder",
        lake,
        store,
        engine,
        schema,
        items: (asOfSeconds) => lakeItems(lake, schema, asOfSeconds),
      }));
    },
    close: () => lake.close(),
  };
}
