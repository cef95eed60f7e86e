/**
 * Requests of the service as we write them: DynamoDB JSON, which is what items are in a lake. The SDK would take bytes for binary
 * values, and would lose attributes that are named like members of every object.
 */
// biome-ignore lint/suspicious/noExplicitAny: the SDK's own type of what its middleware handles
type Next = (args: any) => Promise<any>;

/** The part of a command of the SDK that lets its body be written by others. */
interface WritableCommand {
  readonly middlewareStack: {
    add(
      middleware: (next: Next) => Next,
      options: { readonly step: "build"; readonly priority: "high"; readonly name: string },
    ): void;
  };
}

/** Sends `command` with this JSON in place of its own. */
export function withWrittenInput<Command extends WritableCommand>(command: Command, json: string): Command {
  command.middlewareStack.add(
    (next) => async (args) => {
      args.request.body = json;
      return next(args);
    },
    // After the SDK has written its own, and before it measures and signs it.
    { step: "build", priority: "high", name: "dynalakeWrittenInput" },
  );
  return command;
}
