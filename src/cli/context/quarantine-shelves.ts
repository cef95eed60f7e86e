/** What the tables of a lake have in quarantine, in a folder or on a stack: the commands on it are the same. */
import { join } from "node:path";
import type { ConsolePlace } from "../../console/api.ts";
import { shellWord } from "../../console/command-line.ts";
import { folderShelf, QuarantineShelf } from "../../console/quarantine-shelf.ts";
import type { ReplayReport } from "../../index.ts";
import type { DropOptions, DroppedRecords } from "../../library/dropping.ts";
import { type LakeOptions, lakeTarget, type StackTarget } from "../options/lake-target.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import { withFolder, withStack } from "./opened.ts";
import { replayDeployed } from "./replay-deployed.ts";

/** The quarantine of one lake table. */
export interface Shelf {
  readonly held: QuarantineShelf;
  /** Where people find an object or a folder of the lake. */
  readonly address: (path: string) => string;
  /** Delivers the records of these objects of the quarantine; those that still make no sense stay. */
  readonly replay: (paths: readonly string[], wish: ShelfReplay) => Promise<ReplayReport>;
  readonly drop: (options: DropOptions) => Promise<DroppedRecords>;
}

export interface ShelfReplay {
  /** Nothing is delivered. */
  readonly dryRun: boolean;
}

export interface ShelfOptions extends LakeOptions {
  readonly table?: string;
  readonly partial?: boolean;
}

/** Opens the lake for `use`, and closes it. Rejects where it has no such table. */
export async function withShelves(
  context: CommandContext,
  options: ShelfOptions,
  use: (shelves: readonly Shelf[]) => Promise<ExitCode>,
): Promise<ExitCode> {
  const target = lakeTarget(options);
  return target.kind === "stack"
    ? withStackShelves(context, target, options, use)
    : withFolderShelves(context, target.folder, options, use);
}

function withFolderShelves(
  context: CommandContext,
  folder: string,
  { table: of, partial = false }: ShelfOptions,
  use: (shelves: readonly Shelf[]) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withFolder(context, folder, async (lake) => {
    const place: ConsolePlace = { kind: "folder", name: folder, option: `--lake ${shellWord(folder)}` };
    const shelves = (await lake.opened(of)).map(({ name }) => ({
      held: folderShelf(lake.folder, place, name),
      address: (path: string) => `${folder}/${path}`,
      replay: (paths: readonly string[], { dryRun }: ShelfReplay) =>
        lake.replay(
          paths.map((path) => join(lake.folder, path)),
          { name, partial, dryRun },
        ),
      drop: (options: DropOptions) => lake.dropQuarantined(name, options),
    }));
    return use(shelves);
  });
}

function withStackShelves(
  context: CommandContext,
  target: StackTarget,
  { table: of, partial = false }: ShelfOptions,
  use: (shelves: readonly Shelf[]) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withStack(context, target, async (stack) => {
    const { dropFrom } = await import("../../library/dropping.ts");
    const option = `--stack ${shellWord(target.stack)}`;
    const shelves = stack.tables(of).map((deployment) => {
      const { bucket, table } = deployment;
      const { store } = stack.lakeOf(deployment);
      const address = (path: string): string => `s3://${bucket}/${path}`;
      return {
        held: new QuarantineShelf(store, { kind: "stack", name: stack.place, option }, table),
        address,
        replay: (paths: readonly string[], { dryRun }: ShelfReplay) => {
          const files = paths.map((path) => ({ name: address(path), path: address(path) }));
          return replayDeployed(context, stack, deployment, { files, anySource: false, partial, dryRun });
        },
        drop: (options: DropOptions) => dropFrom(store, table, options),
      };
    });
    return use(shelves);
  });
}
