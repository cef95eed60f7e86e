import { GlueClient } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { type GlueCatalog, glueCatalog } from "../../src/aws/glue-catalog.ts";
import { VirtualTiming } from "../source/virtual-timing.ts";
import { allPartitions } from "../support/all-partitions.ts";
import { type FakeAnswer, type FakeAws, type FakeRequest, fakeAws, refusal } from "./fake-aws.ts";

function catalogOn(
  answer: (request: FakeRequest, body: Body) => FakeAnswer,
): FakeAws & { readonly catalog: GlueCatalog; readonly bodies: () => readonly Body[] } {
  const fake = fakeAws((request) => answer(request, JSON.parse(request.text) as Body));
  const client = new GlueClient(fake.options);
  const catalog = glueCatalog({ client, database: "lake", timing: new VirtualTiming() });
  return { ...fake, catalog, bodies: () => fake.requests.map(({ text }) => JSON.parse(text) as Body) };
}

interface Body {
  readonly PartitionInputList?: readonly {
    readonly Values: readonly string[];
    readonly StorageDescriptor: object;
  }[];
  readonly PartitionsToGet?: readonly { readonly Values: readonly string[] }[];
  readonly PartitionsToDelete?: readonly { readonly Values: readonly string[] }[];
  readonly NextToken?: string;
}

const table: FakeAnswer = {
  body: {
    Table: {
      Name: "t__segments",
      VersionId: "7",
      StorageDescriptor: { Columns: [{ Name: "k", Type: "string" }], Location: "s3://lake/t/segments/" },
    },
  },
};
const partitions = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ value: `r-${i}`, location: `s3://lake/t/segments/r/${i}/` }));
const errors = (value: string, ErrorCode: string): FakeAnswer => ({
  body: { Errors: [{ PartitionValues: [value], ErrorDetail: { ErrorCode, ErrorMessage: "said" } }] },
});

describe("partitions", () => {
  test("are registered a hundred at once, with the table's columns and their own location", async () => {
    const { catalog, bodies } = catalogOn(({ operation }) =>
      operation === "GetTable" ? table : { body: {} },
    );
    await catalog.createPartitions("t__segments", partitions(250));
    const batches = bodies().flatMap(({ PartitionInputList }) =>
      PartitionInputList ? [PartitionInputList] : [],
    );
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
    expect(batches[2]?.[49]).toEqual({
      Values: ["r-249"],
      StorageDescriptor: {
        Columns: [{ Name: "k", Type: "string" }],
        Location: "s3://lake/t/segments/r/249/",
      },
    });
  });

  test("that are there already stay, and what failed in passing is tried again alone", async () => {
    let calls = 0;
    const { catalog, bodies } = catalogOn(({ operation }) => {
      if (operation === "GetTable") return table;
      calls++;
      if (calls === 1) return errors("r-0", "AlreadyExistsException");
      return calls === 2 ? errors("r-101", "InternalServiceException") : { body: {} };
    });
    await catalog.createPartitions("t__segments", partitions(103));
    expect(
      bodies().map(({ PartitionInputList }) => PartitionInputList?.map(({ Values }) => Values[0]).length),
    ).toEqual([undefined, 100, 3, 1]);
    expect(bodies()[3]?.PartitionInputList?.[0]?.Values).toEqual(["r-101"]);
  });

  test.each(["ResourceNumberLimitExceededException", "InternalServiceException"])(
    "that cannot be registered fail with the reason: %s",
    async (code) => {
      const { catalog, requests } = catalogOn(({ operation }) =>
        operation === "GetTable" ? table : errors("r-0", code),
      );
      await expect(catalog.createPartitions("t__segments", partitions(1))).rejects.toMatchObject({
        code: "ENGINE_FAILED",
        message: `cannot register partitions of "t__segments": ${code}: said`,
      });
      expect(requests.length).toBeLessThan(10);
    },
  );

  test("of a table that is not there ask for a deployment", async () => {
    const { catalog } = catalogOn(() => refusal("EntityNotFoundException"));
    await expect(catalog.createPartitions("t__segments", partitions(1))).rejects.toMatchObject({
      code: "LAKE_NOT_FOUND",
      next: expect.stringContaining("Deploy"),
    });
  });

  test("are deleted 25 at once, whether they are there or not", async () => {
    const { catalog, bodies } = catalogOn((_, { PartitionsToDelete = [] }) =>
      PartitionsToDelete.length === 25 ? errors("r-3", "EntityNotFoundException") : { body: {} },
    );
    await catalog.deletePartitions(
      "t__segments",
      partitions(60).map(({ value }) => value),
    );
    expect(bodies().map(({ PartitionsToDelete }) => PartitionsToDelete?.length)).toEqual([25, 25, 10]);
  });

  test("are asked for by name, again until none is left unprocessed", async () => {
    const there = new Set(["r-0", "r-1", "r-2"]);
    const { catalog, bodies } = catalogOn((_, { PartitionsToGet = [] }) => {
      // One at a time; r-9 is never processed.
      const [first, ...UnprocessedKeys] = PartitionsToGet.toSorted(
        (a, b) => Number(there.has(b.Values[0] ?? "")) - Number(there.has(a.Values[0] ?? "")),
      );
      if (first === undefined || !there.has(first.Values[0] ?? ""))
        return { body: { Partitions: [], UnprocessedKeys: PartitionsToGet } };
      return { body: { Partitions: [first], UnprocessedKeys } };
    });
    const registered = await catalog.registered("t__segments", ["r-0", "r-1", "r-9", "r-2"]);
    expect([...registered].sort()).toEqual(["r-0", "r-1", "r-2"]);
    expect(bodies()).toHaveLength(6);
    const many = partitions(250).map(({ value }) => value);
    const whole = catalogOn((_, { PartitionsToGet }) => ({ body: { Partitions: PartitionsToGet } }));
    expect((await whole.catalog.registered("t__segments", many)).size).toBe(250);
    expect(whole.bodies().map(({ PartitionsToGet }) => PartitionsToGet?.length)).toEqual([100, 100, 50]);
  });

  test("are listed to the last page", async () => {
    const { catalog } = catalogOn((_, { NextToken }) =>
      NextToken === undefined
        ? { body: { Partitions: [{ Values: ["a"] }, { Values: ["b"] }], NextToken: "p2" } }
        : { body: { Partitions: [{ Values: ["c"] }] } },
    );
    expect(await allPartitions(catalog, "t__segments")).toEqual(["a", "b", "c"]);
  });

  test("are handed on page by page, however many there are", async () => {
    const { catalog, requests } = catalogOn(() => ({
      body: { Partitions: [{ Values: ["a"] }], NextToken: "on" },
    }));
    let pages = 0;
    for await (const page of catalog.partitionPages("t__segments")) {
      expect(page).toEqual(["a"]);
      expect(requests.length).toBe(++pages);
      if (pages === 5) break;
    }
  });
});

describe("tables", () => {
  test("are compared and swapped: a version that is no longer the newest changes nothing", async () => {
    const { catalog, requests } = catalogOn(() => refusal("ConcurrentModificationException"));
    expect(await catalog.updateTable({ Name: "v" }, "3")).toBe("changed-meanwhile");
    expect(JSON.parse(requests[0]?.text ?? "")).toMatchObject({ VersionId: "3", SkipArchive: true });
  });

  test("that another made first exist, and one that is gone is changed", async () => {
    const there = catalogOn(() => refusal("AlreadyExistsException"));
    expect(await there.catalog.createTable({ Name: "v" })).toBe("exists");
    const gone = catalogOn(() => refusal("EntityNotFoundException"));
    expect(await gone.catalog.updateTable({ Name: "v" }, "3")).toBe("changed-meanwhile");
    expect(await gone.catalog.table("v")).toBeUndefined();
  });

  test("that may not be changed say what is missing", async () => {
    const { catalog } = catalogOn(() =>
      refusal("AccessDeniedException", "not authorized to perform: glue:UpdateTable"),
    );
    await expect(catalog.updateTable({ Name: "v" }, "3")).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining('cannot update "v" in Glue database "lake"'),
    });
  });
});
