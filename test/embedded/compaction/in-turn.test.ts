/** Compactions of one table wait for each other in a process, and try again where another process was first. */
import { expect, test } from "@jest/globals";
import { DynalakeError } from "../../../src/core/error.ts";
import { inTurn } from "../../../src/embedded/compaction/in-turn.ts";

const LAKE = { root: "/a lake" };

/** Work that goes on until it is told to end. */
function work(began: string[], name: string) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (): Promise<string> => {
    began.push(name);
    await ended;
    return name;
  };
  return { run, end };
}

/** Lets everything go on that waits for nothing else. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("work on one table goes on in its order, one at a time; that on other tables and lakes does not wait", async () => {
  const began: string[] = [];
  const [first, second, third] = [work(began, "first"), work(began, "second"), work(began, "third")];
  const ends = [first, second, third].map(({ run }) => inTurn(LAKE, "t", run));
  const others = [inTurn(LAKE, "u", async () => "u"), inTurn({ root: "/another" }, "t", async () => "v")];
  expect(await Promise.all(others)).toEqual(["u", "v"]);
  expect(began).toEqual(["first"]);
  second.end();
  first.end();
  expect(await ends[1]).toBe("second");
  await settled();
  expect(began).toEqual(["first", "second", "third"]);
  third.end();
  expect(await Promise.all(ends)).toEqual(["first", "second", "third"]);
});

test("a failure lets the next one go on", async () => {
  const fails = inTurn(LAKE, "t", async () => {
    throw new Error("a failure");
  });
  const goesOn = inTurn(LAKE, "t", async () => "next");
  await expect(fails).rejects.toThrow("a failure");
  expect(await goesOn).toBe("next");
});

test("one that is aborted while it waits leaves at once, and those behind it still wait for the one before", async () => {
  const began: string[] = [];
  const [first, second, third] = [work(began, "first"), work(began, "second"), work(began, "third")];
  const abortion = new AbortController();
  const ofFirst = inTurn(LAKE, "t", first.run);
  const ofSecond = inTurn(LAKE, "t", second.run, abortion.signal);
  const reason = new Error("not needed any more");
  abortion.abort(reason);
  await expect(ofSecond).rejects.toBe(reason);
  const ofThird = inTurn(LAKE, "t", third.run);
  await settled();
  expect(began).toEqual(["first"]);
  first.end();
  third.end();
  expect(await Promise.all([ofFirst, ofThird])).toEqual(["first", "third"]);
  expect(began).toEqual(["first", "third"]);
});

test("a conflict with another process is tried again, a few times; no other failure is", async () => {
  const failing = (times: number, error: Error) => {
    const tries: number[] = [];
    const run = async (number: number): Promise<string> => {
      tries.push(number);
      if (tries.length <= times) throw error;
      return "done";
    };
    return { tries, run };
  };
  const conflict = new DynalakeError("CONFLICT", "another commit was first");
  const passing = failing(4, conflict);
  expect(await inTurn(LAKE, "t", passing.run)).toBe("done");
  expect(passing.tries).toEqual([1, 2, 3, 4, 5]);
  const lasting = failing(5, conflict);
  await expect(inTurn(LAKE, "t", lasting.run)).rejects.toBe(conflict);
  const other = failing(1, new DynalakeError("ENGINE_FAILED", "no"));
  await expect(inTurn(LAKE, "t", other.run)).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  expect(other.tries).toEqual([1]);
});
