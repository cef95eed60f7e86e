// The tests of the console's page in a browser: see scripts/test-ui.mjs.
import common from "./jest.config.mjs";

export default {
  ...common,
  testMatch: ["<rootDir>/test/ui/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
};
