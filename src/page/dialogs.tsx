/** What lies over the page: the list of places to go to, and the list of keys. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LakeOverview } from "../console/api.ts";
import { plural } from "./format.ts";
import { Icon } from "./parts.tsx";
import { go, sqlLink, tableLink } from "./route.ts";

interface DialogProps {
  readonly label: string;
  readonly close: () => void;
  readonly name: string;
  readonly children: ComponentChildren;
}

function Dialog({ label, close, name, children }: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog.
    <dialog
      ref={ref}
      class={name}
      aria-label={label}
      onClose={close}
      onClick={(event) => event.target === ref.current && close()}
    >
      {children}
    </dialog>
  );
}

interface Place {
  readonly word: string;
  readonly to: string;
  readonly note: string;
}

function placesOf({ tables }: LakeOverview): readonly Place[] {
  return [
    { word: "Overview", to: "#/", note: "" },
    { word: "SQL", to: "#/sql", note: "" },
    { word: "Quarantine", to: "#/quarantine", note: "" },
    ...tables.flatMap(({ name, rows, key }) => [
      { word: name, to: tableLink(name), note: plural(rows, "row") },
      { word: `${name}: query`, to: sqlLink(`SELECT * FROM ${name}\nLIMIT 1000`), note: "" },
      { word: `${name}: item by key`, to: `${tableLink(name)}/item`, note: key.join(", ") },
    ]),
  ];
}

const FOUND_MAX = 9;

export function GoTo({ lake, close }: { lake: LakeOverview; close: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const words = text.toLowerCase().split(/\s+/);
  const found = placesOf(lake)
    .filter(({ word }) => words.every((part) => word.toLowerCase().includes(part)))
    .slice(0, FOUND_MAX);
  const take = (place: Place | undefined): void => {
    if (place === undefined) return;
    close();
    go(place.to);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    } else if (event.key === "Enter") take(found[at]);
  };
  return (
    <Dialog label="Go to" close={close} name="palette">
      <div class="palette-input">
        <Icon name="search" />
        <input
          autofocus
          placeholder="A table, a page, a task"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
          role="combobox"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found.length > 0 ? `found-${at}` : undefined}
          aria-label="Go to"
          spellcheck={false}
        />
      </div>
      <div id="found" role="listbox" aria-label="Places">
        {found.map((place, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, and names the option.
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field takes it.
          <div
            key={place.word}
            id={`found-${i}`}
            class="place"
            role="option"
            aria-selected={i === at}
            onClick={() => take(place)}
            onPointerMove={() => setAt(i)}
          >
            <span>{place.word}</span>
            <span class="dim">{place.note}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="dim none">Nothing by this name</p>}
    </Dialog>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl K or /", "go to a table or page"],
  ["g, then o, s or q", "overview, SQL, quarantine"],
  ["Ctrl Enter", "run the statement"],
  ["Esc", "stop it"],
  ["Alt 1, 2, 3", "rows, chart, columns"],
  ["Alt H", "statements of before"],
  ["Ctrl Home, Ctrl End", "first or last row of the grid"],
  ["Ctrl C", "copy the cell"],
  ["Enter", "sort by the cell's column"],
  ["Space", "show the whole cell"],
  ["?", "this list"],
];

export const Keys = ({ close }: { close: () => void }): JSX.Element => (
  <Dialog label="Keys" close={close} name="shortcuts">
    <h2>Keys</h2>
    <dl>
      {KEYS.map(([key, what]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
    <button type="button" class="button" onClick={close}>
      Close
    </button>
  </Dialog>
);
