/**
 * The outputs of a stack by which the command line finds lake tables: s3://bucket/_registry/. A stack may have tables in several
 * lakes, and so several outputs, whose names begin with these.
 */

/** The stack has tables in the lake. */
export const REGISTRY_OUTPUT = "DynalakeRegistry";
/** The stack has the lake itself, and so stands for all of its tables. */
export const LAKE_OUTPUT = "DynalakeLake";

/** What to do if the stack and the command line are of different versions. */
export const DEPLOY_THIS_VERSION = "Deploy the stack again with this version of dynalake.";
