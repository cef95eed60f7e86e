/** The console: statement above, answer below, what the columns hold beside it. */
import type { JSX } from "preact";
import type { LakeOverview } from "../console/api.ts";
export function SqlConsole(_: { lake: LakeOverview; query: URLSearchParams; nonce: string }): JSX.Element {
  return (
    <main class="page">
      <h1>SQL</h1>
    </main>
  );
}
