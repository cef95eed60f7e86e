// The tests that need emulators of AWS: see scripts/test-aws.mjs.
import common from "./jest.config.mjs";

export default {
  ...common,
  testMatch: ["<rootDir>/test/aws/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  // An emulator, its Trino and its Lambdas take all of two cores and 2 GB.
  maxWorkers: 1,
  testTimeout: 300_000,
};
