/** Asks for an item by its key. */
import type { JSX, TargetedSubmitEvent } from "preact";
import { Icon } from "./parts.tsx";
import { go, tableLink } from "./route.ts";

interface KeyFormProps {
  readonly table: string;
  readonly keys: readonly string[];
  readonly values?: URLSearchParams;
}

export function KeyForm({ table, keys, values }: KeyFormProps): JSX.Element {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const query = new URLSearchParams(keys.map((key) => [key, String(fields.get(key) ?? "")]));
    go(`${tableLink(table)}/item?${query}`);
  };
  return (
    <form class="key-form" onSubmit={submit}>
      {keys.map((key, i) => (
        <label key={key}>
          <span class="unseen">{key}</span>
          {i === 0 && <Icon name="search" />}
          <input
            name={key}
            defaultValue={values?.get(key) ?? ""}
            placeholder={`${key} …`}
            autocomplete="off"
            spellcheck={false}
            required
          />
        </label>
      ))}
      <button type="submit" class="button">
        Find item
      </button>
    </form>
  );
}
