/** Tables and partitions of Glue in memory, whose calls are never half done, and a function's access to them. */
import type { Table, TableInput } from "@aws-sdk/client-glue";
import type { GlueCatalog } from "../../src/aws/glue-catalog.ts";
import { storedTables } from "../../src/aws/stored-tables.ts";
import type { Schema } from "../../src/core/schema/schema.ts";
import { allPartitions } from "../support/all-partitions.ts";
import type { Faults } from "./faults.ts";

export class MemoryCatalog implements GlueCatalog {
  readonly database = "lake";
  readonly tables: Map<string, Table> = new Map();
  readonly partitions: Map<string, string> = new Map();
  /** When each column came, by the name of its table and its own. */
  readonly since: Map<string, number> = new Map();
  nowSeconds: () => number = () => 0;

  /** Sets the columns of the tables that rows pass through, as a deployment of a schema does. */
  deploy(bucket: string, schema: Schema, atSeconds: number): void {
    for (const table of storedTables(bucket, schema)) {
      const UpdateTime = new Date(atSeconds * 1000);
      this.#note(table, atSeconds);
      this.tables.set(table.Name ?? "", { ...table, Name: table.Name, UpdateTime, VersionId: "0" });
    }
  }

  /** The number of the manifest that each view of a table shows, by name. */
  shownBy(): ReadonlyMap<string, number> {
    const views = [...this.tables].flatMap(([name, { Parameters }]) =>
      !Parameters?.["dynalake.table"] ? [] : [[name, Number(Parameters["dynalake.manifest"])] as const],
    );
    return new Map(views);
  }

  table = async (name: string): Promise<Table | undefined> => this.tables.get(name);

  createTable = async (input: TableInput): Promise<"created" | "exists"> => {
    if (this.tables.has(input.Name ?? "")) return "exists";
    this.tables.set(input.Name ?? "", this.#written(input, "0"));
    return "created";
  };

  updateTable = async (input: TableInput, versionId: string): Promise<"updated" | "changed-meanwhile"> => {
    const standing = this.tables.get(input.Name ?? "");
    if (standing?.VersionId !== versionId) return "changed-meanwhile";
    this.tables.set(input.Name ?? "", this.#written(input, `${versionId}1`));
    return "updated";
  };

  #written(input: TableInput, VersionId: string): Table {
    this.#note(input, this.nowSeconds());
    return { ...input, Name: input.Name, VersionId, UpdateTime: new Date(this.nowSeconds() * 1000) };
  }

  #note({ Name, StorageDescriptor }: TableInput, atSeconds: number): void {
    for (const column of StorageDescriptor?.Columns ?? []) {
      const name = `${Name}.${column.Name}`;
      if (!this.since.has(name)) this.since.set(name, atSeconds);
    }
  }

  createPartitions: GlueCatalog["createPartitions"] = async (_, partitions) => {
    for (const { value, location } of partitions) {
      if (!this.partitions.has(value)) this.partitions.set(value, location);
    }
  };

  deletePartitions: GlueCatalog["deletePartitions"] = async (_, values) => {
    for (const value of values) this.partitions.delete(value);
  };

  registered: GlueCatalog["registered"] = async (_, values) =>
    new Set(values.filter((value) => this.partitions.has(value)));

  async *partitionPages(_: string, share = 0): AsyncGenerator<readonly string[], void> {
    if (share === 0) yield [...this.partitions.keys()];
  }
}

export function faultyCatalog(catalog: GlueCatalog, faults: Faults): GlueCatalog {
  return {
    database: catalog.database,
    table: (name) => faults.call(`read table ${name}`, () => catalog.table(name)),
    createTable: (input) => faults.call(`create table ${input.Name}`, () => catalog.createTable(input)),
    updateTable: (input, version) =>
      faults.call(`update table ${input.Name}`, () => catalog.updateTable(input, version)),
    createPartitions: (table, partitions) => {
      const half = partitions.slice(0, Math.floor(partitions.length / 2));
      return faults.call(
        `register ${partitions.length} partitions`,
        () => catalog.createPartitions(table, partitions),
        half.length === 0 ? undefined : () => catalog.createPartitions(table, half),
      );
    },
    deletePartitions: (table, values) =>
      faults.call(`delete ${values.length} partitions`, () => catalog.deletePartitions(table, values)),
    registered: (table, values) =>
      faults.call(`read ${values.length} partitions`, () => catalog.registered(table, values)),
    partitionPages: async function* (table, share = 0) {
      if (share === 0) yield await faults.call("list partitions", () => allPartitions(catalog, table));
    },
  };
}
