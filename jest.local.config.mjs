// The tests that need more than node: see scripts/test-local.mjs.
import common from "./jest.config.mjs";

export default {
  ...common,
  testMatch: ["<rootDir>/test/local/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
};
