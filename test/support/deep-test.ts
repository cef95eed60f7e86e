import { test } from "@jest/globals";
import { allEffort } from "./effort.ts";

/**
 * A test that takes long, of a behavior that a cheaper one covers: only runs with all effort have it, such as `npm run test:deep`.
 * test/MOVED.md names it.
 */
export const deepTest: (name: string, work: () => unknown, timeoutMs?: number) => void = allEffort
  ? (test as (name: string, work: () => unknown, timeoutMs?: number) => void)
  : () => undefined;
