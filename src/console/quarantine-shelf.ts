/** The quarantine of one lake table, wherever its lake lies: its report, its records, and where they lie. */
import { DynalakeError } from "../core/error.ts";
import { quarantineFolder, quarantineReason } from "../core/format/lake-path.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import { folderStore } from "../files/folder-store.ts";
import type { ConsolePlace, QuarantineReport } from "./api.ts";
import { type QuarantineChoice, quarantineReport } from "./quarantine-report.ts";

export class QuarantineShelf {
  readonly table: string;
  readonly #store: ObjectStore;
  readonly #place: ConsolePlace;

  constructor(store: ObjectStore, place: ConsolePlace, table: string) {
    this.#store = store;
    this.#place = place;
    this.table = table;
  }

  /** Relative to the lake. */
  get folder(): string {
    return quarantineFolder(this.table);
  }

  report(choice?: QuarantineChoice): Promise<QuarantineReport> {
    return quarantineReport(this.#place, [{ table: this.table, store: this.#store }], choice);
  }

  /** The records of a file as they came, values included, one for each of its lines. */
  async records(path: string): Promise<readonly string[]> {
    const content = await this.#store.read(path);
    return new TextDecoder().decode(content).split("\n").map(rawOf);
  }

  /** The objects of all records, or of those with a reason. Throws USAGE for a reason that no record has, unless there are none at all. */
  async paths(reason: string | undefined): Promise<readonly string[]> {
    const listed = (await this.#store.list(this.folder)).flatMap(({ path }) => {
      const own = quarantineReason(path);
      return own === undefined ? [] : [{ path, reason: own }];
    });
    const chosen = listed.filter((each) => reason === undefined || each.reason === reason);
    if (chosen.length > 0 || listed.length === 0) return chosen.map(({ path }) => path);
    const reasons = [...new Set(listed.map((each) => each.reason))].join(", ");
    throw new DynalakeError("USAGE", `no record is in quarantine for "${reason}"`, {
      next: `The reasons are ${reasons}.`,
    });
  }
}

function rawOf(line: string): string {
  try {
    const { raw } = JSON.parse(line) as { readonly raw?: unknown };
    return typeof raw === "string" ? raw : line;
  } catch {
    return line;
  }
}

/** That of a table of the lake in `folder`, an absolute path. */
export function folderShelf(folder: string, place: ConsolePlace, table: string): QuarantineShelf {
  return new QuarantineShelf(folderStore(folder), place, table);
}
