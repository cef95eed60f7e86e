/** The answers of CloudFormation about a stack with lake tables, and of S3 about the registry that names them. */
import { lakeEntryPath, sourceEntryPath, tableEntryPath } from "../../src/core/format/deployment-path.ts";
import type { FakeAnswer } from "../aws-adapters/fake-aws.ts";
import type { CloudRequest } from "./fake-cloud.ts";
import { LAKE_ENTRY, sourceEntry, tableEntry } from "./registry.ts";

export interface StackTable {
  readonly table: string;
  readonly source: string;
}

const STACK = "S";
const REGISTRY = "s3://bucket/_registry/";

export const STACK_ANSWER: FakeAnswer = {
  body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${STACK}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>DynalakeRegistryShop</OutputKey><OutputValue>${REGISTRY}</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
};

export const MISSING_STACK: FakeAnswer = {
  status: 400,
  body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Gone does not exist</Message></Error></ErrorResponse>",
};

/** What the lake's bucket holds of these tables, by keys. */
export function registryKeys(tables: readonly StackTable[]): ReadonlyMap<string, string> {
  const keys = new Map([[lakeEntryPath, JSON.stringify(LAKE_ENTRY)]]);
  for (const { source, table } of tables) {
    keys.set(sourceEntryPath(source), JSON.stringify(sourceEntry(source)));
    keys.set(tableEntryPath(source, table), JSON.stringify(tableEntry(source, table, { stack: STACK })));
  }
  return keys;
}

/** S3 with these keys in the bucket. */
export function bucketAnswer(path: string, keys: ReadonlyMap<string, string>): FakeAnswer {
  const url = new URL(path, "http://bucket");
  const prefix = url.searchParams.get("prefix");
  if (prefix === null) {
    const content = keys.get(decodeURIComponent(url.pathname.slice("/bucket/".length)));
    return content === undefined ? NO_SUCH_KEY : { body: content };
  }
  const isDelimited = url.searchParams.has("delimiter");
  const below = [...keys].filter(([key]) => key.startsWith(prefix));
  const folderOf = (key: string): string => key.slice(0, key.indexOf("/", prefix.length) + 1);
  const folders = new Set(
    isDelimited ? below.map(([key]) => folderOf(key)).filter((name) => name !== "") : [],
  );
  const contents = below.filter(([key]) => !isDelimited || folderOf(key) === "");
  const listed = [
    ...contents.map(
      ([key, text]) =>
        `<Contents><Key>${key}</Key><Size>${text.length}</Size><LastModified>2026-11-01T00:00:00Z</LastModified></Contents>`,
    ),
    ...[...folders].map((name) => `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`),
  ];
  return {
    body: `<ListBucketResult><IsTruncated>false</IsTruncated>${listed.join("")}</ListBucketResult>`,
  };
}

/** S3 with these keys in the bucket, which requests may put and delete. */
export function writableBucketAnswer(
  { method, path, text }: Pick<CloudRequest, "method" | "path" | "text">,
  keys: Map<string, string>,
): FakeAnswer {
  const url = new URL(path, "http://bucket");
  if (method === "GET") return bucketAnswer(path, keys);
  if (method === "PUT") keys.set(decodeURIComponent(url.pathname.slice("/bucket/".length)), text);
  else for (const [, key = ""] of text.matchAll(/<Key>([^<]+)<\/Key>/g)) keys.delete(key);
  return { body: method === "PUT" ? "" : "<DeleteResult></DeleteResult>" };
}

const NO_SUCH_KEY: FakeAnswer = {
  status: 404,
  body: "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>",
};
