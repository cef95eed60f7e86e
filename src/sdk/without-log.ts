/** Clients of the SDK that log nothing. */

interface LoggingClient {
  readonly middlewareStack: { remove(name: string): boolean };
}

/**
 * The client, without the SDK's log: for every call it makes a copy of the input and the output with the sensitive members hidden,
 * also where there is no logger to give them to.
 */
export function withoutLog<Client extends LoggingClient>(client: Client): Client {
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}
