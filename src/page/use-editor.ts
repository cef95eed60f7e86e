/** The editor, once its box is there, with the lake's columns once they are known. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Relation } from "../console/api.ts";
import { mountEditor, type StatementEditor } from "./editor.ts";
import { useAnswer } from "./use-answer.ts";

interface EditorEvents {
  readonly onRun: () => void;
  readonly onChange: (text: string) => void;
}

interface UsedEditor {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly editor: RefObject<StatementEditor | null>;
}

export function useEditor(text: string, nonce: string, events: EditorEvents): UsedEditor {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<StatementEditor>(null);
  const latest = useRef(events);
  latest.current = events;
  const { data: relations } = useAnswer<readonly Relation[]>("/api/relations");
  useEffect(() => {
    if (box.current === null) return;
    const mounted = mountEditor(box.current, {
      text,
      nonce,
      onRun: () => latest.current.onRun(),
      onChange: (next) => latest.current.onChange(next),
    });
    editor.current = mounted;
    mounted.focus();
    return () => mounted.destroy();
  }, []);
  useEffect(() => {
    if (relations !== undefined) editor.current?.relations(relations);
  }, [relations]);
  return { box, editor };
}
