/** Folds of what a follower delivers behind the horizon: each delivery is folded once, and again where the fold failed. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { LateFolds } from "../../../src/embedded/following/late-folds.ts";

let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  jest.spyOn(performance, "now").mockImplementation(() => nowMs);
});

afterEach(() => {
  jest.restoreAllMocks();
});

interface Fold {
  readonly oldestSeconds: number;
  readonly succeed: () => void;
  readonly fail: (error: Error) => void;
}

function recordedFolds(onFailure: (error: unknown) => void = () => undefined) {
  const begun: Fold[] = [];
  const folds = new LateFolds({
    fold: (oldestSeconds) =>
      new Promise((succeed, fail) => {
        begun.push({ oldestSeconds, succeed, fail });
      }),
    onFailure,
  });
  const since = (): readonly number[] => begun.map(({ oldestSeconds }) => oldestSeconds);
  /** A second later, once the fold that was begun last has ended. */
  const afterLast = async (end: (fold: Fold) => void): Promise<void> => {
    end(begun.at(-1) as Fold);
    await folds.ended();
    nowMs += 1_000;
  };
  return { folds, since, afterLast };
}

const succeeds = ({ succeed }: Fold): void => succeed();
const fails = ({ fail }: Fold): void => fail(new Error("the disk is full"));

test("the first fold is of everything, later ones of what was delivered since, once a second", async () => {
  const { folds, since, afterLast } = recordedFolds();
  folds.delivered(undefined);
  expect(since()).toEqual([0]);
  await afterLast(succeeds);
  folds.delivered(undefined);
  expect(since()).toEqual([0]);
  folds.delivered(500);
  expect(since()).toEqual([0, 500]);
  await afterLast(succeeds);
  nowMs -= 1;
  folds.delivered(700);
  folds.delivered(600);
  expect(since()).toEqual([0, 500]);
  nowMs += 1;
  folds.delivered(undefined);
  expect(since()).toEqual([0, 500, 600]);
});

test("what is delivered while a fold works is folded after it", async () => {
  const { folds, since, afterLast } = recordedFolds();
  folds.delivered(undefined);
  nowMs += 5_000;
  folds.delivered(800);
  expect(since()).toEqual([0]);
  await afterLast(succeeds);
  folds.delivered(900);
  expect(since()).toEqual([0, 800]);
});

test("a fold that failed is tried again with what was delivered meanwhile, also where nothing more is", async () => {
  const failures: unknown[] = [];
  const { folds, since, afterLast } = recordedFolds((error) => failures.push(error));
  folds.delivered(undefined);
  await afterLast(succeeds);
  folds.delivered(500);
  folds.delivered(700);
  await afterLast(fails);
  folds.delivered(undefined);
  expect(since()).toEqual([0, 500, 500]);
  await afterLast(fails);
  folds.delivered(400);
  expect(since()).toEqual([0, 500, 500, 400]);
  await afterLast(succeeds);
  folds.delivered(undefined);
  expect(since()).toEqual([0, 500, 500, 400]);
  expect(failures).toHaveLength(2);
});

test("a failure that is not to be tried again ends the deliveries, and the end", async () => {
  const final = new Error("unexpected");
  const { folds, afterLast } = recordedFolds(() => {
    throw final;
  });
  folds.delivered(undefined);
  await afterLast(fails);
  expect(() => folds.delivered(undefined)).toThrow(final);
  await expect(folds.finish()).rejects.toBe(final);
});

test("at the end, what is left is folded at once", async () => {
  const { folds, since, afterLast } = recordedFolds();
  folds.delivered(undefined);
  folds.delivered(500);
  const finished = folds.finish();
  await afterLast(succeeds);
  expect(since()).toEqual([0, 500]);
  await afterLast(succeeds);
  await finished;
});
