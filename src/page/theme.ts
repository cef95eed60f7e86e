/** Light or dark: as the system has it, until a person chooses. */
import { useEffect, useState } from "preact/hooks";
import { THEME_CHANGED } from "./plot.tsx";
import { keep, keptText } from "./session.ts";

const NAME = "dynalake-theme";

export function useTheme(): { readonly isDark: boolean; readonly flip: () => void } {
  const [theme, set] = useState(keptText(NAME));
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  useEffect(() => {
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const changed = (): boolean => dispatchEvent(new Event(THEME_CHANGED));
    changed();
    prefersDark.addEventListener("change", changed);
    return () => prefersDark.removeEventListener("change", changed);
  }, [theme]);
  const isDark = theme === "dark" || (theme === undefined && prefersDark.matches);
  return {
    isDark,
    flip: () => {
      const next = isDark ? "light" : "dark";
      keep(NAME, next);
      set(next);
    },
  };
}
