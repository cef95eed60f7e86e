/** Where the page is: the fragment, so that a statement in a link never reaches a server's log or a Referer header. */
import { useEffect, useState } from "preact/hooks";

export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** All of it, for a comparison. */
  readonly text: string;
}

function route(): Route {
  const text = location.hash.slice(1);
  const [path = "", query = ""] = text.split(/\?(.*)/s);
  return {
    parts: path
      .split("/")
      .filter((word) => word !== "")
      .map(decoded),
    query: new URLSearchParams(query),
    text,
  };
}

/** Links come from anywhere. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

export function go(to: string): void {
  location.hash = to;
}

export function useRoute(): Route {
  const [now, set] = useState(route);
  useEffect(() => {
    const onChange = (): void => set(route());
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return now;
}

export const sqlLink = (sql: string): string => `#/sql?q=${encodeURIComponent(sql)}`;
export const tableLink = (table: string): string => `#/t/${encodeURIComponent(table)}`;
