import { expect, test } from "@jest/globals";
import { changeObjectPath, sourcePath } from "../../../src/core/format/lake-path.ts";
import { recallSource, withSource } from "../../../src/embedded/folder/source-memory.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const address = { endpoint: "http://127.0.0.1:8000", region: "eu-west-1" };
const other = { endpoint: "http://127.0.0.1:9000" };

const failing = async (): Promise<never> => {
  throw new Error("no commit");
};

test("a source is known before the first data of its table is committed, and forgotten where nothing was", async () => {
  const store = new MemoryStore();
  const during = await withSource(store, "t", address, () => recallSource(store, "t"));
  expect(during).toEqual(address);
  expect(await recallSource(store, "t")).toEqual(address);
  await expect(withSource(store, "u", address, failing)).rejects.toThrow("no commit");
  expect(await store.read(sourcePath("u"))).toBeUndefined();
});

test("a source stays known where data was committed before the failure", async () => {
  const store = new MemoryStore();
  const path = changeObjectPath("t", 0, 0, "a");
  const late = withSource(store, "t", address, async () => {
    await store.create(path, new Uint8Array());
    return failing();
  });
  await expect(late).rejects.toThrow("no commit");
  expect(await recallSource(store, "t")).toEqual(address);
});

test("another source replaces a known one only once its data is there", async () => {
  const store = new MemoryStore();
  await withSource(store, "t", address, async () => undefined);
  await expect(withSource(store, "t", other, failing)).rejects.toThrow("no commit");
  expect(await recallSource(store, "t")).toEqual(address);
  expect(await withSource(store, "t", other, () => recallSource(store, "t"))).toEqual(address);
  expect(await recallSource(store, "t")).toEqual(other);
});
