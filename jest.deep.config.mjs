// What takes long: all files whose tests try a number of things, with all effort, and those that only run here (*.deep.test.ts).
import common from "./jest.config.mjs";
import { deepTests } from "./test/support/deep-tests.mjs";

// The workers inherit it. More of it searches longer: see test/support/effort.ts.
process.env.DYNALAKE_TEST_EFFORT ??= "1";

export default {
  ...common,
  testMatch: deepTests().map((path) => `<rootDir>/${path}`),
  testPathIgnorePatterns: ["/node_modules/"],
};
