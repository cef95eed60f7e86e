/**
 * The change log of the tables of an open lake, as statements of now read it: objects that many statements read are joined in pieces on
 * this machine's disk, for as long as the lake is open. The objects themselves stay as they are.
 */
import { linkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DynalakeError } from "../../core/error.ts";
import { standingObjects, viewChanges } from "../../core/overlay/change-log.ts";
import { type LogPiece, type LogReading, piecesToMake, readingOf } from "../../core/overlay/log-pieces.ts";
import { literal } from "../../core/ports/dialect.ts";
import type { ChangeSelection, QueryEngine } from "../../core/ports/query-engine.ts";
import { changeWireColumns } from "../../core/row/wire-line.ts";
import { withEarlierColumns } from "../../core/schema/earlier-columns.ts";
import type { Schema } from "../../core/schema/schema.ts";
import type { TableState } from "../../core/table/open-table.ts";
import { fileError } from "../../files/file-error.ts";
import { type TemporaryFolder, temporaryFolder } from "../../files/temporary-folder.ts";
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

export class KeptLog {
  readonly #tables: Map<string, KeptTable> = new Map();
  #folder: TemporaryFolder | undefined;
  #pieces = 0;
  /** The disk has no room for pieces, or none for a second name of a file: objects are read one by one. */
  #isOff = false;

  /**
   * How a statement of now reads the table's change log. Its session has names of its own for the pieces, in its temporary folder, so
   * that they can be dropped while it reads. Fails as the statement would.
   */
  async changesOf(lake: LakeFolder, table: TableState): Promise<QueryEngine["changes"]> {
    const schema = withEarlierColumns(table.schema);
    const selection = await viewChanges(table);
    const kept = await this.#tableOf(schema);
    await this.#dropUnneeded(kept, selection);
    // Most lakes are opened for one statement.
    if (kept.isRead) await this.#join(lake, schema, kept, selection);
    kept.isRead = true;
    const pieces = this.#namedFor(lake, kept.pieces);
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
    const made: KeptTable = { form, pieces: [], isRead: known !== undefined, isJoining: false };
    this.#tables.set(schema.table, made);
    if (known !== undefined) {
      const { pieces } = known;
      known.pieces = [];
      await remove(pieces);
    }
    return made;
  }

  async #dropUnneeded(kept: KeptTable, { objects }: ChangeSelection): Promise<void> {
    const { pieces } = kept;
    kept.pieces = readingOf(pieces, objects).pieces;
    await remove(pieces.filter((piece) => !kept.pieces.includes(piece)));
  }

  /** Joins the objects that have no piece, if they are many. One statement does it, and others go on with what there is. */
  async #join(lake: LakeFolder, schema: Schema, kept: KeptTable, selection: ChangeSelection): Promise<void> {
    if (this.#isOff || kept.isJoining) return;
    kept.isJoining = true;
    try {
      for (const objects of piecesToMake(readingOf(kept.pieces, selection.objects))) {
        const rows = lake.engine.changes(schema, { ...selection, objects });
        const piece = { file: this.#newFile(), objects: new Set(objects.map(({ path }) => path)) };
        await lake.session
          .run(`COPY (SELECT * FROM ${rows}) TO ${literal(piece.file)} (FORMAT parquet)`)
          .catch(async (error: unknown) => {
            await remove([piece]);
            throw error;
          });
        kept.pieces = [...kept.pieces, piece];
      }
    } catch (error) {
      this.#turnOff(error);
    } finally {
      kept.isJoining = false;
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
  #namedFor({ session }: LakeFolder, pieces: readonly LogPiece[]): readonly LogPiece[] {
    if (this.#isOff) return [];
    try {
      return pieces.map((piece) => {
        const file = join(session.temporaryFolder, basename(piece.file));
        linkSync(piece.file, file);
        return { ...piece, file };
      });
    } catch (error) {
      this.#turnOff(fileError(error, session.temporaryFolder));
      return [];
    }
  }

  #turnOff(error: unknown): void {
    const isOfDisk =
      error instanceof DynalakeError && (error.code === "DISK_FULL" || error.code === "STORE_FAILED");
    if (!isOfDisk) throw error;
    this.#isOff = true; // breakage: statements-do-without-pieces
  }
}

/** What cannot be removed goes with its folder. */
async function remove(pieces: readonly LogPiece[]): Promise<void> {
  await Promise.all(pieces.map(({ file }) => rm(file, { force: true }).catch(() => undefined)));
}
