/** A lake in a folder of this machine, with its tables. */
import { lakeItems } from "../embedded/items.ts";
import { openLake } from "../embedded/lake.ts";
import type { CommandContext } from "./command.ts";
import { chosenSchemas } from "./lake-choice.ts";
import type { FolderTable, OpenedLake } from "./opened-lake.ts";

export async function openFolder(
  { absolute }: Pick<CommandContext, "absolute">,
  folder: string,
): Promise<OpenedLake<FolderTable>> {
  const lake = await openLake(absolute(folder));
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
