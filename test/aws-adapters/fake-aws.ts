/** What answers in place of AWS: the SDK's own requests, met one by one, with the answer or the fault that a test wants. */
import { Readable } from "node:stream";

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The operation of a service that speaks JSON: StartQueryExecution and so on. */
  readonly operation: string;
  readonly text: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes as they are, a value as JSON. */
  readonly body?: unknown;
  /** The body breaks off after that. */
  readonly breaksOff?: boolean;
}

/** Options of an SDK client whose requests `answer` gets; what it throws is a fault of the network. */
export function fakeAws(answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>): FakeAws {
  const requests: FakeRequest[] = [];
  return {
    requests,
    options: {
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
      requestHandler: {
        metadata: { handlerProtocol: "http/1.1" },
        destroy: () => undefined,
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
        handle: async (raw: RawRequest) => {
          const request = readRequest(raw);
          requests.push(request);
          return { response: response(await answer(request)) };
        },
      },
    },
  };
}

export interface FakeAws {
  readonly requests: readonly FakeRequest[];
  /** For the constructor of any client. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's types ask for classes of packages that are not depended on.
  readonly options: any;
}

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

function readRequest(raw: RawRequest): FakeRequest {
  const headers = Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { body = "" } = raw;
  return {
    method: raw.method,
    path: raw.path,
    query: raw.query ?? {},
    headers,
    operation: headers["x-amz-target"]?.split(".").at(-1) ?? "",
    text: typeof body === "string" ? body : new TextDecoder().decode(body),
  };
}

function response({ status = 200, headers = {}, body = "", breaksOff = false }: FakeAnswer) {
  return {
    statusCode: status,
    headers: { ...headers },
    body: Readable.from(pieces(bytesOf(body), breaksOff)),
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

async function* pieces(bytes: Uint8Array, breaksOff: boolean): AsyncGenerator<Uint8Array> {
  yield bytes;
  if (breaksOff) throw socketFault();
}

/** A connection that broke: whether the request was carried out nobody knows. */
export function socketFault(): Error {
  return Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
}

/** What a service that speaks JSON answers to a request that it refuses. */
export function refusal(name: string, message = "", status = 400): FakeAnswer {
  return { status, headers: { "x-amzn-errortype": name }, body: { __type: name, message } };
}
