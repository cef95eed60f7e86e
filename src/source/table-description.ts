/** A table's design in the words of the service: read from DescribeTable, and written for CreateTable. */
import type {
  AttributeDefinition,
  CreateTableInput,
  GlobalSecondaryIndex,
  ImportTableInput,
  KeySchemaElement,
  TableDescription,
  UpdateTableInput,
} from "@aws-sdk/client-dynamodb";
import type { IndexDesign, KeyPart, TableDesign } from "../core/table/table-design.ts";
import { type ImportPlace, itemsPrefix } from "./import-place.ts";

/** Source: "TableDescription", docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html. */
export function designOf(description: TableDescription): TableDesign {
  const key = (elements: readonly KeySchemaElement[] | undefined): readonly KeyPart[] =>
    (elements ?? []).map((element) => keyPart(element, description.AttributeDefinitions ?? []));
  const index = (described: DescribedIndex) => ({
    name: described.IndexName ?? "",
    key: key(described.KeySchema),
    projection: described.Projection?.ProjectionType ?? "ALL",
    attributes: described.Projection?.NonKeyAttributes ?? [],
  });
  return {
    key: key(description.KeySchema),
    localIndexes: (description.LocalSecondaryIndexes ?? []).map(index),
    globalIndexes: (description.GlobalSecondaryIndexes ?? []).map(index),
  };
}

/** What the descriptions of both kinds of indexes have. */
type DescribedIndex = Partial<Pick<GlobalSecondaryIndex, "IndexName" | "KeySchema" | "Projection">>;

function keyPart(
  { AttributeName, KeyType }: KeySchemaElement,
  types: readonly AttributeDefinition[],
): KeyPart {
  const type = types.find((each) => each.AttributeName === AttributeName)?.AttributeType;
  return {
    name: AttributeName ?? "",
    type: type === "N" || type === "B" ? type : "S",
    role: KeyType === "RANGE" ? "RANGE" : "HASH",
  };
}

/** A table on demand with its local indexes, which can only be made with it. Global ones follow (`addIndexInput`). */
export function createTableInput(name: string, { key, localIndexes }: TableDesign): CreateTableInput {
  const parts = [...key, ...localIndexes.flatMap((index) => index.key)];
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: attributeDefinitions(parts),
    KeySchema: keySchema(key),
    ...(localIndexes.length === 0 ? {} : { LocalSecondaryIndexes: localIndexes.map(indexInput) }),
  };
}

/** The input of ImportTable: a table on demand with its global indexes. The import makes no local ones. */
export function importTableInput(place: ImportPlace, name: string, design: TableDesign): ImportTableInput {
  const { globalIndexes } = design;
  const parts = [...design.key, ...globalIndexes.flatMap((index) => index.key)];
  return {
    S3BucketSource: { S3Bucket: place.bucket, S3KeyPrefix: itemsPrefix(place) },
    InputFormat: "DYNAMODB_JSON",
    InputCompressionType: "GZIP",
    TableCreationParameters: {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: attributeDefinitions(parts),
      KeySchema: keySchema(design.key),
      ...(globalIndexes.length === 0 ? {} : { GlobalSecondaryIndexes: globalIndexes.map(indexInput) }),
    },
  };
}

/** The input of UpdateTable that adds a global index. */
export function addIndexInput(name: string, key: readonly KeyPart[], index: IndexDesign): UpdateTableInput {
  return {
    TableName: name,
    AttributeDefinitions: attributeDefinitions([...key, ...index.key]),
    GlobalSecondaryIndexUpdates: [{ Create: indexInput(index) }],
  };
}

function indexInput({ name, key, projection, attributes }: IndexDesign) {
  return {
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: {
      ProjectionType: projection,
      ...(attributes.length === 0 ? {} : { NonKeyAttributes: [...attributes] }),
    },
  };
}

function keySchema(key: readonly KeyPart[]): KeySchemaElement[] {
  return key.map(({ name, role }) => ({ AttributeName: name, KeyType: role }));
}

function attributeDefinitions(parts: readonly KeyPart[]): AttributeDefinition[] {
  const types = new Map(parts.map(({ name, type }) => [name, type]));
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
}
