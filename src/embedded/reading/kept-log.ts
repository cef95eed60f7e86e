/**
 * The change log of the tables of an open lake, as statements of now read it: objects that many statements read are joined in pieces on
 * this machine's disk, for as long as the lake is open. The objects themselves stay as they are.
 */
import { linkSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import type { ChangeObject } from "../../core/format/lake-path.ts";
import { decidingChanges, standingObjects } from "../../core/overlay/change-log.ts";
import { type LogPiece, type LogReading, piecesToMake, readingOf } from "../../core/overlay/log-pieces.ts";
import { literal } from "../../core/ports/dialect.ts";
import type { ChangeSelection, QueryEngine } from "../../core/ports/query-engine.ts";
import { changeWireColumns } from "../../core/row/wire-line.ts";
import { withEarlierColumns } from "../../core/schema/earlier-columns.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { TableState } from "../../core/table/open-table.ts";
import { fileError } from "../../files/file-error.ts";
import { type TemporaryFolder, temporaryFolder } from "../../files/temporary-folder.ts";
import { ROW_GROUP_BYTES } from "../duckdb/duckdb-engine.ts";
import { changesIn, filesOf } from "../duckdb/file-relations.ts";
import type { LakeFolder } from "../folder/lake-folder.ts";

/** What is kept of one table. */
interface KeptTable {
  /** The columns of its pieces. Those of another schema are of no use. */
  readonly form: string;
  pieces: readonly LogPiece[];
  isRead: boolean;
  isJoining: boolean;
}

/** An object of more bytes takes longer to read than to open. */
const JOINED_BYTES_MAX = 512 * 1024;
/** A statement that finds a long log joins only so much of it. */
const PIECES_AT_ONCE_MAX = 8;
/** What a failure to join may be. The statement then reads the objects, and has the failures of its own. */
const FAILURES: ReadonlySet<string> = new Set(["DISK_FULL", "STORE_FAILED", "LAKE_DAMAGED", "ENGINE_FAILED"]);

export class KeptLog {
  readonly #tables: Map<string, KeptTable> = new Map();
  #folder: TemporaryFolder | undefined;
  #pieces = 0;
  /** Pieces cannot be made here, or not be named twice: objects are read one by one. */
  #isOff = false;

  /**
   * How a statement of now reads the table's change log. Its session has names of its own for the pieces, in its temporary folder, so
   * that they can be dropped while it reads. Rejects with the signal's reason.
   */
  async changesOf(lake: LakeFolder, table: TableState): Promise<QueryEngine["changes"]> {
    const schema = withEarlierColumns(table.schema);
    const selection = await decidingChanges(table);
    // The log is not read then.
    if (selection === undefined) return lake.engine.changes;
    const kept = await this.#tableOf(schema);
    await this.#dropUnneeded(kept, selection);
    // Most lakes are opened for one statement.
    if (kept.isRead) await this.#join(lake, schema, kept, selection);
    kept.isRead = true;
    const pieces = await this.#namedFor(lake, kept.pieces);
    return (columns, asked) => {
      const all = this.#filesOf(lake, readingOf(pieces, asked.objects));
      const standing = new Set(this.#filesOf(lake, readingOf(pieces, standingObjects(asked))));
      return changesIn(
        columns,
        [...standing],
        all.filter((file) => !standing.has(file)),
      );
    };
  }

  async remove(): Promise<void> {
    await this.#folder?.remove();
  }

  async #tableOf(schema: Schema): Promise<KeptTable> {
    const form = JSON.stringify(changeWireColumns(schema));
    const known = this.#tables.get(schema.table);
    if (known?.form === form) return known; // breakage: pieces-have-the-columns-of-now
    const made: KeptTable = {
      form,
      pieces: [],
      isRead: known !== undefined,
      isJoining: false,
    };
    this.#tables.set(schema.table, made);
    if (known !== undefined) {
      const { pieces } = known;
      known.pieces = [];
      await removeFiles(pieces);
    }
    return made;
  }

  async #dropUnneeded(kept: KeptTable, { objects }: ChangeSelection): Promise<void> {
    const { pieces } = kept;
    kept.pieces = readingOf(pieces, objects).pieces;
    await removeFiles(pieces.filter((piece) => !kept.pieces.includes(piece)));
  }

  /** Joins the objects that have no piece, if they are many. One statement does it, and others go on with what there is. */
  async #join(lake: LakeFolder, schema: Schema, kept: KeptTable, selection: ChangeSelection): Promise<void> {
    if (this.#isOff || kept.isJoining) return;
    kept.isJoining = true;
    try {
      const others = await smallOnes(lake, readingOf(kept.pieces, selection.objects).others);
      for (const objects of piecesToMake(others).slice(0, PIECES_AT_ONCE_MAX)) {
        // Another schema may have made what is kept anew.
        if (this.#tables.get(schema.table) !== kept) break;
        const piece = await this.#make(lake, schema, { sinceHour: selection.sinceHour, objects });
        kept.pieces = [...kept.pieces, piece];
      }
    } catch (error) {
      await this.#turnOff(error);
    } finally {
      kept.isJoining = false;
    }
  }

  async #make(lake: LakeFolder, schema: Schema, selection: ChangeSelection): Promise<LogPiece> {
    const piece = { file: this.#newFile(), objects: new Set(selection.objects.map(({ path }) => path)) };
    const rows = `SELECT * FROM ${lake.engine.changes(schema, selection)}`;
    const form = `FORMAT parquet, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}`;
    try {
      await lake.session.run(`COPY (${rows}) TO ${literal(piece.file)} (${form})`);
      return piece;
    } catch (error) {
      await removeFiles([piece]);
      throw error;
    }
  }

  #newFile(): string {
    this.#folder ??= temporaryFolder(tmpdir(), "dynalake-");
    return join(this.#folder.path, `piece-${this.#pieces++}.parquet`);
  }

  #filesOf({ root }: LakeFolder, { pieces, others }: LogReading): readonly string[] {
    return [...pieces.map(({ file }) => file), ...filesOf(root, others)];
  }

  /** Names of one moment: none of the pieces is dropped in between. */
  async #namedFor({ session }: LakeFolder, pieces: readonly LogPiece[]): Promise<readonly LogPiece[]> {
    if (this.#isOff) return [];
    try {
      return pieces.map((piece) => {
        const file = join(session.temporaryFolder, basename(piece.file));
        linkSync(piece.file, file);
        return { ...piece, file };
      });
    } catch (error) {
      await this.#turnOff(fileError(error, session.temporaryFolder));
      return [];
    }
  }

  /** From now on statements do without pieces, unless it was the statement that was cut short. */
  async #turnOff(error: unknown): Promise<void> {
    if (!(error instanceof DynalakeError && FAILURES.has(error.code))) throw error;
    this.#isOff = true; // breakage: statements-do-without-pieces
    this.#tables.clear();
    await this.remove();
  }
}

/** What cannot be removed goes with its folder. */
async function removeFiles(pieces: readonly LogPiece[]): Promise<void> {
  await Promise.all(pieces.map(({ file }) => rm(file, { force: true }).catch(() => undefined)));
}

/** Those that are worth joining. One that is gone is left to the statement. */
async function smallOnes(
  { root }: LakeFolder,
  objects: readonly ChangeObject[],
): Promise<readonly ChangeObject[]> {
  const sizeOf = async ({ path }: ChangeObject): Promise<number> => {
    const facts = await stat(join(root, path)).catch(() => undefined);
    return facts?.size ?? Number.POSITIVE_INFINITY;
  };
  const bytes = await Promise.all(objects.map(sizeOf));
  return objects.filter((_, i) => (bytes[i] as number) <= JOINED_BYTES_MAX); // breakage: large-objects-are-read-as-they-are
}
