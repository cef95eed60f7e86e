/** CodeMirror for statements. Its colors are the page's tokens, so that a change of theme costs nothing. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Relation } from "../console/api.ts";
import { completionOf } from "./completion.ts";

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-key)", fontWeight: "500" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-num)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--code-type)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  "&.cm-editor.cm-focused": { boxShadow: "inset 2px 0 var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "21px" },
  ".cm-content": { padding: "12px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 4px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--ink-3)", minWidth: "44px" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 10px 0 16px" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--select)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--select)", outline: "none" },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-fault": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-tooltip": {
    backgroundColor: "var(--pop)",
    border: "1px solid var(--line-2)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "12.5px",
    maxHeight: "220px",
    padding: "4px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "3px 8px",
    borderRadius: "5px",
    display: "flex",
    gap: "16px",
    justifyContent: "space-between",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--select) !important",
    color: "var(--ink) !important",
  },
  ".cm-completionDetail": { color: "var(--ink-3)", fontStyle: "normal", marginLeft: "0" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--ink-2)" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "500" },
});

const setFault = StateEffect.define<readonly [number, number] | undefined>();
const fault = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    for (const effect of transaction.effects)
      if (effect.is(setFault)) return effect.value === undefined ? Decoration.none : marked(effect.value);
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marked([from, to]: readonly [number, number]): DecorationSet {
  return Decoration.set([Decoration.mark({ class: "cm-fault" }).range(from, to)]);
}

export interface StatementEditor {
  text(): string;
  set(text: string): void;
  focus(): void;
  /** Underlines a place, until the text changes. */
  fault(range: readonly [number, number] | undefined): void;
  relations(known: readonly Relation[]): void;
  destroy(): void;
}

export interface EditorOptions {
  readonly text: string;
  /** Of the policy: the editor's styles are the only ones that a script puts into the page. */
  readonly nonce: string;
  readonly onRun: () => void;
  readonly onChange: (text: string) => void;
}

/** The answer is not to be hidden by a list of words. */
function runs(onRun: () => void): (view: EditorView) => boolean {
  return (view) => {
    closeCompletion(view);
    onRun();
    return true;
  };
}

export function mountEditor(
  parent: HTMLElement,
  { text, nonce, onRun, onChange }: EditorOptions,
): StatementEditor {
  const completion = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: runs(onRun) }])),
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        bracketMatching(),
        closeBrackets(),
        completion.of([]),
        sql({ dialect: PostgreSQL }),
        syntaxHighlighting(colors),
        theme,
        fault,
        placeholder("SELECT …"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-label": "SQL statement. Control Enter runs it; Tab leaves the editor.",
        }),
        // Without a binding for Tab, which moves the focus here as everywhere on the page.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    set: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    focus: () => view.focus(),
    fault: (range) => view.dispatch({ effects: setFault.of(range) }),
    relations: (known) =>
      view.dispatch({
        effects: completion.reconfigure(autocompletion({ icons: false, override: [completionOf(known)] })),
      }),
    destroy: () => view.destroy(),
  };
}
