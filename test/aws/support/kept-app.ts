/**
 * The kept deployment as an app, run by tsx: with an argument, the templates in that folder, which an earlier version has made,
 * otherwise those of today. The functions have today's code in either case: of an earlier one, only the templates are kept.
 */
import { App, Stack } from "aws-cdk-lib";
import { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { handlerCode } from "../../../infra/bundle.ts";
import { HANDLERS } from "../../../src/aws/contracts/handlers.ts";
import { addKeptStacks } from "../../infra/kept-stacks.ts";
import { KEPT_STACKS, keptTemplateFile } from "../../support/kept-deployment.ts";

const [folder] = process.argv.slice(2);
const app = new App();
if (folder === undefined) addKeptStacks(app);
else addTemplates(folder);

function addTemplates(from: string): void {
  const stacks = KEPT_STACKS.map((name) => {
    const stack = new Stack(app, name);
    new CfnInclude(stack, "Template", { templateFile: keptTemplateFile(name, from) });
    for (const made of stack.node.findAll()) if (made instanceof CfnFunction) giveCode(made);
    return stack;
  });
  for (const [i, stack] of stacks.slice(1).entries()) stack.addDependency(stacks[i] as Stack);
}

/** A function's description ends with the name of its handler. */
function giveCode(made: CfnFunction): void {
  const handler = HANDLERS.find((name) => made.description?.endsWith(`: ${name}`));
  if (handler === undefined) throw new Error(`the handler of "${made.description}" is not known`);
  const { s3Location } = handlerCode(made, handler).bind(made);
  made.code = { s3Bucket: s3Location?.bucketName, s3Key: s3Location?.objectKey };
}
