/** Tests for every adapter of the ObjectStore port. */
import { describe, expect, test } from "@jest/globals";
import type { ObjectStore } from "../../src/core/ports/object-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array | undefined): string | undefined =>
  content === undefined ? undefined : new TextDecoder().decode(content);

/** `withStore` runs its argument with a new, empty store. */
export function registerObjectStoreTests(
  name: string,
  withStore: (use: (store: ObjectStore) => Promise<void>) => Promise<void>,
): void {
  const inStore = (use: (store: ObjectStore) => Promise<void>) => () => withStore(use);

  describe(`the object store ${name}`, () => {
    test(
      "gives back what was written",
      inStore(async (store) => {
        await store.replace("a/b/c.json", bytes("one"));
        expect(textOf(await store.read("a/b/c.json"))).toBe("one");
        await store.replace("a/b/c.json", bytes("two"));
        expect(textOf(await store.read("a/b/c.json"))).toBe("two");
      }),
    );

    test(
      "an object that is not there reads as undefined",
      inStore(async (store) => {
        expect(await store.read("a/nothing.json")).toBeUndefined();
        await store.replace("a/file", bytes("x"));
        expect(await store.read("a/file/below")).toBeUndefined();
      }),
    );

    test(
      "an empty object is an object",
      inStore(async (store) => {
        expect(await store.create("empty", bytes(""))).toBe("created");
        expect(textOf(await store.read("empty"))).toBe("");
      }),
    );

    test(
      "create leaves an existing object alone",
      inStore(async (store) => {
        expect(await store.create("m/1.json", bytes("first"))).toBe("created");
        expect(await store.create("m/1.json", bytes("second"))).toBe("exists");
        expect(textOf(await store.read("m/1.json"))).toBe("first");
      }),
    );

    test(
      "of twenty that create one object at once, exactly one has created it",
      inStore(async (store) => {
        const racers = Array.from({ length: 20 }, (_, i) => store.create("m/2.json", bytes(`racer ${i}`)));
        const outcomes = await Promise.all(racers);
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
        const winner = outcomes.indexOf("created");
        expect(textOf(await store.read("m/2.json"))).toBe(`racer ${winner}`);
      }),
    );

    test(
      "a reader never sees a mixture while an object is replaced",
      inStore(async (store) => {
        const contents = ["a".repeat(100_000), "b".repeat(100_000)];
        await store.replace("p.json", bytes(contents[0] as string));
        let replacing = true;
        const writing = (async () => {
          for (let i = 0; i < 30; i++) await store.replace("p.json", bytes(contents[i % 2] as string));
          replacing = false;
        })();
        while (replacing) expect(contents).toContain(textOf(await store.read("p.json")));
        await writing;
      }),
    );

    test(
      "lists by prefix, in the order of the paths, with sizes",
      inStore(async (store) => {
        for (const path of ["t/b/2", "t/a/1", "t/a/0", "other/x"]) await store.replace(path, bytes(path));
        const listed = await store.list("t/");
        expect(listed.map(({ path }) => path)).toEqual(["t/a/0", "t/a/1", "t/b/2"]);
        expect(listed.map((object) => object.bytes)).toEqual([5, 5, 5]);
        for (const { modifiedMs } of listed) expect(Math.abs(Date.now() - modifiedMs)).toBeLessThan(60_000);
        expect(await store.list("nothing/")).toEqual([]);
      }),
    );

    test(
      "names what is below a prefix, and what of it comes after a name",
      inStore(async (store) => {
        const paths = ["t/a", "t/a/1", "t/a/2/x", "t/a-1", "t/ab/1", "t/b/2", "other/x"];
        for (const path of paths.slice(1)) await store.replace(path, bytes(path));
        const below = ["t/a-1", "t/a/1", "t/a/2/x", "t/ab/1", "t/b/2"];
        expect(await store.names("t/")).toEqual(below);
        for (const after of [...paths, "t/a/", "t/a/1/", "t/a0", "t/aa", "t/b", "t/b/3", "u", ""])
          expect([after, await store.names("t/", after)]).toEqual([
            after,
            below.filter((path) => path > after),
          ]);
        expect(await store.names("nothing/", "a")).toEqual([]);
      }),
    );

    test(
      "names the folders directly below a prefix",
      inStore(async (store) => {
        for (const path of ["t/b/2/x", "t/a/1", "t/file", "other/x"]) await store.replace(path, bytes("x"));
        expect(await store.folders("t/")).toEqual(["a", "b"]);
        expect(await store.folders("")).toEqual(["other", "t"]);
        expect(await store.folders("nothing/")).toEqual([]);
      }),
    );

    test(
      "removes what is there and is content with what is not",
      inStore(async (store) => {
        await store.replace("r/1", bytes("x"));
        await store.remove(["r/1", "r/2"]);
        expect(await store.read("r/1")).toBeUndefined();
        expect(await store.list("r/")).toEqual([]);
      }),
    );

    test(
      "refuses every path that leaves it",
      inStore(async (store) => {
        for (const path of ["../out", "a/../../out", "/etc/passwd", "a/./b", "a\\..\\b", "a\0b"]) {
          await expect(store.read(path)).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.create(path, bytes("x"))).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.replace(path, bytes("x"))).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.remove([path])).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.list(path)).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.names(path)).rejects.toMatchObject({ code: "INTERNAL" });
          await expect(store.folders(path)).rejects.toMatchObject({ code: "INTERNAL" });
        }
      }),
    );
  });
}
