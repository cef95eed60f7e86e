/** An operation over an abortable store ends at its next request, and what it did not come to is left as it was. */
import { expect, test } from "@jest/globals";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";
import { abortableStore } from "../../src/files/abortable-store.ts";
import { MemoryStore } from "../support/memory-store.ts";

const BYTES = new TextEncoder().encode("text");

const REQUESTS: Readonly<Record<keyof ObjectStore, (store: ObjectStore) => Promise<unknown>>> = {
  read: (store) => store.read("t/a"),
  list: (store) => store.list("t/"),
  names: (store) => store.names("t/"),
  folders: (store) => store.folders(""),
  create: (store) => store.create("t/b", BYTES),
  replace: (store) => store.replace("t/a", new Uint8Array()),
  remove: (store) => store.remove(["t/a"]),
};

test.each(Object.entries(REQUESTS))(
  "%s rejects with the reason, and passes before that",
  async (_, request) => {
    const [stop, store] = [new AbortController(), new MemoryStore()];
    await store.create("t/a", BYTES);
    const abortable = abortableStore(store, stop.signal);
    stop.abort(new Error("enough"));
    await expect(request(abortable)).rejects.toThrow("enough");
    expect(store.paths()).toEqual(["t/a"]);
    expect(await store.read("t/a")).toEqual(BYTES);
    const open = abortableStore(store, new AbortController().signal);
    const same = new MemoryStore();
    await same.create("t/a", BYTES);
    expect(withoutTimes(await request(open))).toBe(withoutTimes(await request(same)));
    expect(store.paths()).toEqual(same.paths());
  },
);

function withoutTimes(answer: unknown): string | undefined {
  return JSON.stringify(answer, (name, value) => (name === "modifiedMs" ? undefined : value));
}
