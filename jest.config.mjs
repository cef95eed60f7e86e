// The tests run as ES modules, straight from the TypeScript sources; the npm scripts start jest so that node lets it.
// They have V8 collect garbage in one thread, since each core has a worker already, and seldom.
import { availableParallelism } from "node:os";
import { bundledPackages } from "./test/support/bundled-packages.mjs";

// The AWS SDK's own switch for its note on stderr about the next version of Node; bin/dynalake.js sets it too.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  // They have commands of their own: npm run test:deep, test:local, test:aws and test:ui.
  testPathIgnorePatterns: [
    "/node_modules/",
    "\\.deep\\.test\\.ts$",
    "<rootDir>/test/local/",
    "<rootDir>/test/aws/",
    "<rootDir>/test/ui/",
  ],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: bundledPackages(),
  moduleFileExtensions: ["ts", "js", "mjs", "cjs", "json", "node"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      {
        swcrc: false,
        jsc: { target: "es2023", parser: { syntax: "typescript" } },
        module: { type: "es6" },
        // Jest keeps them beside the code: inside it they are most of what each test file has to read and hash.
        sourceMaps: true,
      },
    ],
  },
  cacheDirectory: "<rootDir>/.cache/jest",
  testTimeout: 60_000,
  // One more than there are cores: some tests wait, for an emulator or a clock.
  maxWorkers: availableParallelism() + 1,
  testSequencer: "<rootDir>/test/support/longest-first.mjs",
  reporters: ["default", "<rootDir>/test/support/slowest-files.mjs"],
};
