/**
 * Answers of the service as it writes them: DynamoDB JSON, parsed once. The SDK would make bytes of binary values and dates of
 * times, which would have to be turned back for every item and every change.
 */
import { Readable } from "node:stream";
import { streamCollector } from "@smithy/node-http-handler";

/** The part of a command of the SDK that lets its answer be read by others. */
interface ReadableCommand {
  readonly middlewareStack: {
    add(
      middleware: (next: Next) => Next,
      options: { readonly step: "deserialize"; readonly priority: "low"; readonly name: string },
    ): void;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the SDK's own type of what its middleware handles
type Next = (args: any) => Promise<any>;

/** What `read` makes of the JSON that the service answered `command` with, which `send` sends. Throws what the SDK throws. */
export async function writtenAnswer<Answer extends object>(
  command: ReadableCommand,
  send: () => Promise<unknown>,
  read: (json: Buffer) => Answer = parsed,
): Promise<Answer | undefined> {
  let written: Answer | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { readonly statusCode: number; body: Readable };
      if (response.statusCode === 200) {
        const { buffer, byteOffset, byteLength } = await streamCollector(response.body);
        written = read(Buffer.from(buffer, byteOffset, byteLength));
        // Nothing is left for the SDK to make anything of.
        response.body = Readable.from([]);
      }
      return result;
    },
    // Within the SDK's own reading of an answer, and within its retries.
    { step: "deserialize", priority: "low", name: "dynalakeWrittenAnswer" },
  );
  await send();
  return written;
}

function parsed<Answer>(json: Buffer): Answer {
  return JSON.parse(json.toString("utf8"));
}
