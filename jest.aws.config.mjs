// The tests that need emulators of AWS: see scripts/test-aws.mjs.
import common from "./jest.config.mjs";

// The workers inherit it: these tests always try all that is written down.
process.env.DYNALAKE_TEST_EFFORT ??= "1";

export default {
  ...common,
  testMatch: ["<rootDir>/test/aws/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  globalSetup: "<rootDir>/test/aws/support/global-setup.mjs",
  globalTeardown: "<rootDir>/test/aws/support/global-teardown.mjs",
  testSequencer: "<rootDir>/test/aws/support/sequencer.mjs",
  // They wait for the emulator most of the time, and one of them for a schedule.
  maxWorkers: 3,
  testTimeout: 400_000,
};
