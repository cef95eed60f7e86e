/** Permissions on a table of the lake, or on all of them, from which the roles of functions, machines and delivery streams are composed. */
import { Stack } from "aws-cdk-lib";
import { type StoredTable, storedTableName } from "../src/aws/contracts/glue-tables.ts";
import { ACKNOWLEDGED_FOLDER, EXPORTS_FOLDER, REGISTRY_FOLDER } from "../src/core/format/deployment-path.ts";
import { FAILED_BATCHES_FOLDER } from "../src/core/format/lake-path.ts";
import { type LakePlace, MAPS_PREFIX, RESULTS_PREFIX } from "./lake-place.ts";
import type { Permission } from "./permissions.ts";

const OBJECTS = "Objects get their names when they are written; the folder is the narrowest possible scope.";

/** All tables of a lake: what its functions and machines work on. */
export const EVERY_TABLE = "*";

const SHARED = "The functions and machines of a lake work on all of its tables, which come and go.";

/** A work group, and the folder of its results. */
interface StatementsPlace {
  readonly workGroupArn: string;
  /** Ends in "/". */
  readonly results: string;
}

export class TableAccess {
  readonly lake: LakePlace;
  /** The lake table's name, or `EVERY_TABLE`. */
  readonly table: string;

  constructor(lake: LakePlace, table: string) {
    this.lake = lake;
    this.table = table;
  }

  /** Reading objects. Paths are relative to the table's folder; one that ends in "/" covers everything below it. */
  read(...paths: readonly string[]): readonly Permission[] {
    return [this.objects(["s3:GetObject"], paths), ...this.key("kms:Decrypt")];
  }

  /** Writing objects in one request each. */
  write(...paths: readonly string[]): readonly Permission[] {
    return [this.objects(["s3:PutObject"], paths), ...this.key("kms:GenerateDataKey")];
  }

  /** Writing objects of any size, in parts. */
  upload(...paths: readonly string[]): readonly Permission[] {
    return [
      this.objects(["s3:PutObject", "s3:AbortMultipartUpload"], paths),
      // Completing a multipart upload needs both permissions on the key.
      ...this.key("kms:GenerateDataKey", "kms:Decrypt"),
    ];
  }

  /** Writing segments by statements: Athena writes as their caller (AWS: Athena user guide, "Access to Amazon S3"). */
  writeSegments(): readonly Permission[] {
    return [...this.upload("segments/"), this.objects(["s3:ListMultipartUploadParts"], ["segments/"])];
  }

  remove(...paths: readonly string[]): readonly Permission[] {
    return [this.objects(["s3:DeleteObject"], paths)];
  }

  /** Listing folders of the table. */
  list(...folders: readonly string[]): readonly Permission[] {
    return [this.listing(folders.map((folder) => this.path(folder)))];
  }

  /** Listing the stream's failed batches: Lambda names the folder by the mapping's id. */
  listFailedBatches(): readonly Permission[] {
    return [this.listing([`${FAILED_BATCHES_FOLDER}*`])];
  }

  /** What Lambda needs to save a failed batch, using the role of the mapping's function. */
  leaveFailedBatches(): readonly Permission[] {
    return [
      this.objectsAt(
        ["s3:PutObject"],
        [`${FAILED_BATCHES_FOLDER}*`],
        "Lambda names the folder by the mapping's id, which is unknown until the mapping exists, after the role.",
      ),
      this.listing([`${FAILED_BATCHES_FOLDER}*`]),
      ...this.key("kms:GenerateDataKey"),
    ];
  }

  /** The newest manifest and the schema: what works on the table begins with them, and the first function to run writes the schema. */
  openLakeTable(): readonly Permission[] {
    return [
      ...this.read("manifest/", "schema.json"),
      ...this.write("schema.json"),
      ...this.list("manifest/", "schema.json"),
    ];
  }

  /** What is deployed in the lake. */
  readRegistry(): readonly Permission[] {
    return [
      this.objectsAt(["s3:GetObject"], [`${REGISTRY_FOLDER}*`], OBJECTS),
      this.listing([`${REGISTRY_FOLDER}*`]),
      ...this.key("kms:Decrypt"),
    ];
  }

  writeRegistry(): readonly Permission[] {
    return [
      this.objectsAt(["s3:PutObject"], [`${REGISTRY_FOLDER}*`], OBJECTS),
      ...this.key("kms:GenerateDataKey"),
    ];
  }

  /** Keeping counts of acknowledged rows. */
  countAcknowledged(): readonly Permission[] {
    return [
      this.objectsAt(["s3:PutObject"], [`${ACKNOWLEDGED_FOLDER}*`], OBJECTS),
      ...this.key("kms:GenerateDataKey"),
    ];
  }

  readAcknowledged(): readonly Permission[] {
    return [
      this.objectsAt(["s3:GetObject"], [`${ACKNOWLEDGED_FOLDER}*`], OBJECTS),
      this.listing([`${ACKNOWLEDGED_FOLDER}*`]),
      ...this.key("kms:Decrypt"),
    ];
  }

  /** Reading the exports of source tables. */
  readExports(): readonly Permission[] {
    return [
      this.objectsAt(["s3:GetObject"], [`${EXPORTS_FOLDER}*`], OBJECTS),
      this.listing([`${EXPORTS_FOLDER}*`]),
      ...this.key("kms:Decrypt"),
    ];
  }

  /** Actions on exports: those of one source, or of all. */
  exports(actions: readonly string[], source: string = EVERY_TABLE): Permission {
    return this.objectsAt(actions, [`${EXPORTS_FOLDER}${source}/*`], OBJECTS);
  }

  anyExportArn(): string {
    const resource = { service: "dynamodb", resource: "table", resourceName: "*/export/*" };
    return Stack.of(this.lake).formatArn(resource);
  }

  listExports(): Permission {
    return this.listing([`${EXPORTS_FOLDER}*`]);
  }

  /** Actions on these Glue tables, and on their database and catalog. */
  catalog(actions: readonly string[], tables: readonly string[]): readonly Permission[] {
    const { lake } = this;
    const database = lake.catalogArn("database", lake.databaseName);
    const own = tables.map((name) => lake.catalogArn("table", lake.databaseName, name));
    return [{ actions, resources: [lake.catalogArn("catalog"), database, ...own], because: SHARED }];
  }

  /**
   * Running statements on these stored tables. Athena reads the catalog and writes the results with the caller's permissions.
   * The objects that the statements read and write need separate permissions.
   */
  runStatements(...tables: readonly StoredTable[]): readonly Permission[] {
    const place = { workGroupArn: this.lake.upkeepWorkGroupArn, results: RESULTS_PREFIX };
    return this.runStatementsIn(
      place,
      tables.map((stored) => this.stored(stored)),
    );
  }

  /** The same in a work group whose results lie in `results`, on these tables and views of the database. */
  runStatementsIn(place: StatementsPlace, names: readonly string[]): readonly Permission[] {
    const { lake } = this;
    const results = lake.bucket.arnForObjects(`${place.results}*`);
    return [
      {
        actions: [
          "athena:GetQueryExecution",
          "athena:GetQueryResults",
          "athena:StartQueryExecution",
          "athena:StopQueryExecution",
        ],
        resources: [place.workGroupArn],
      },
      { actions: ["athena:GetDataCatalog"], resources: [this.awsDataCatalogArn()] },
      ...this.catalog(CATALOG_READS, names),
      // Athena looks up the default database first (AWS: Athena user guide, "Access to databases and tables").
      {
        actions: ["glue:GetDatabase"],
        resources: [lake.catalogArn("catalog"), lake.catalogArn("database", "default")],
      },
      {
        actions: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        resources: [results],
        because: OBJECTS,
      },
      {
        actions: ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
        resources: [lake.bucket.bucketArn],
      },
      this.listing([`${place.results}*`]),
      ...this.key("kms:Decrypt", "kms:GenerateDataKey"),
      ...(lake.lakeFormation ? [GOVERNED_DATA] : []), // breakage: governed-data-is-asked-for
    ];
  }

  /** What a map's own result writer needs (AWS: Step Functions developer guide, "ResultWriter"). */
  writeMapResults(): readonly Permission[] {
    const actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ];
    return [
      this.objectsAt(actions, [`${MAPS_PREFIX}*`], OBJECTS),
      ...this.key("kms:Decrypt", "kms:GenerateDataKey"),
    ];
  }

  /** The name in Glue of a table in the bucket. */
  stored(stored: StoredTable): string {
    return storedTableName(this.table, stored);
  }

  /** Using the lake's key, if it has one. */
  key(...actions: readonly string[]): readonly Permission[] {
    const { encryptionKey } = this.lake;
    return encryptionKey === undefined ? [] : [{ actions, resources: [encryptionKey.keyArn] }];
  }

  objects(actions: readonly string[], paths: readonly string[]): Permission {
    return this.objectsAt(
      actions,
      paths.map((path) => this.path(path)),
      OBJECTS,
    );
  }

  private objectsAt(actions: readonly string[], paths: readonly string[], because: string): Permission {
    const resources = paths.map((path) => this.lake.bucket.arnForObjects(path));
    return { actions, resources, because };
  }

  /**
   * IfExists, because S3 also checks this permission, without a prefix, when a read object does not exist: otherwise the answer
   * would be "access denied" instead of "no such key".
   */
  private listing(prefixes: readonly string[]): Permission {
    return {
      actions: ["s3:ListBucket"],
      resources: [this.lake.bucket.bucketArn],
      conditions: { StringLikeIfExists: { "s3:prefix": prefixes } },
    };
  }

  private path(path: string): string {
    return `${this.table}/${path}${path.endsWith("/") ? "*" : ""}`;
  }

  private awsDataCatalogArn(): string {
    const stack = Stack.of(this.lake);
    return stack.formatArn({ service: "athena", resource: "datacatalog", resourceName: "AwsDataCatalog" });
  }
}

/** AWS: Athena user guide, "Lake Formation permissions for Athena". Lake Formation's grants decide of which tables. */
const GOVERNED_DATA: Permission = {
  actions: ["lakeformation:GetDataAccess"],
  resources: ["*"],
  because: "Lake Formation has no resource-level permissions for it.",
};

const CATALOG_READS = [
  "glue:BatchGetPartition",
  "glue:GetDatabase",
  "glue:GetPartition",
  "glue:GetPartitions",
  "glue:GetTable",
  "glue:GetTables",
] as const;
