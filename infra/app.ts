/** What `npx cdk` runs: see cdk.json, and `deployment.ts` for its context. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { DynalakeError } from "../src/core/error.ts";
import { deployedLakeTables } from "./deployed-lake.ts";
import { addStacks } from "./deployment.ts";
import { dynamoDb } from "./describe-table.ts";

// The AWS SDK's own switch for its note on stderr about the next version of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;

try {
  const app = new App();
  await addStacks(app, {
    env: {
      ...(account === undefined ? {} : { account }),
      ...(region === undefined ? {} : { region }),
    },
    connect: () => dynamoDb({ environment: process.env, ...(region === undefined ? {} : { region }) }),
    lakeTables: deployedLakeTables(region),
    root: dirname(dirname(fileURLToPath(import.meta.url))),
  });
  app.synth();
} catch (error) {
  if (!(error instanceof DynalakeError)) throw error;
  console.error(`error ${error.code}: ${error.message}\n  -> ${error.next}`);
  process.exitCode = 1;
}
