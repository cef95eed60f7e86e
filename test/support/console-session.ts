/** A page's session with the server of `dynalake ui`, from the link that the terminal showed. */

export interface ConsoleSession {
  /** What proves it. */
  readonly headers: Readonly<Record<string, string>>;
  ask(path: string): Promise<Response>;
  post(path: string, body: object, signal?: AbortSignal): Promise<Response>;
}

export async function consoleSession(link: URL): Promise<ConsoleSession> {
  const post = (
    own: Readonly<Record<string, string>>,
    path: string,
    body: object,
    signal?: AbortSignal,
  ): Promise<Response> =>
    fetch(new URL(path, link), {
      method: "POST",
      headers: { "content-type": "application/json", ...own },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  const answer = await post({}, "/api/session", { token: link.hash.replace("#token=", "") });
  const { secret } = (await answer.json()) as { readonly secret: string };
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const headers = { cookie, "x-dynalake-secret": secret };
  return {
    headers,
    ask: (path) => fetch(new URL(path, link), { headers }),
    post: (path, body, signal) => post(headers, path, body, signal),
  };
}

/** The lines of a statement's answer. */
export async function answerLines(
  answer: Pick<Response, "text">,
): Promise<readonly Record<string, unknown>[]> {
  return (await answer.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
