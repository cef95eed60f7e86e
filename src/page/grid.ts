/**
 * A grid of rows of one height: a pool of row elements that are moved and filled again, so that 100,000 rows cost as much as 40.
 * Roles and keys are those of the ARIA grid pattern; the focus stays on the grid, which names its cell. Without a framework: it
 * redraws at every frame of a scroll.
 */
import { cornersOf, type GridPlace, placeAfterKey } from "./grid-place.ts";
import { madeElement } from "./made-element.ts";

const ROW_HEIGHT = 28;
/** Rows drawn beyond what is seen. */
const SPARE = 8;
const WIDTH_MIN = 56;
const WIDTH_STEP = 24;

export interface GridColumn {
  readonly name: string;
  readonly type: string;
  readonly isRight: boolean;
  readonly width: number;
  /** Undefined for NULL. `row`: its place in the result. */
  readonly text: (row: number) => string | undefined;
}

export interface GridData {
  readonly columns: readonly GridColumn[];
  readonly rows: number;
  readonly order: Uint32Array | undefined;
  readonly sort: { readonly column: number; readonly isDown: boolean } | undefined;
}

export interface GridCell {
  readonly row: number;
  readonly column: string;
  readonly text: string | undefined;
}

export interface GridEvents {
  readonly onCell: (cell: GridCell) => void;
  readonly onSort: (column: number) => void;
  /** The whole of the cell is asked for. */
  readonly onOpen: () => void;
}

interface Line {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  row: number;
}

export class Grid {
  readonly #host: HTMLElement;
  readonly #events: GridEvents;
  readonly #view: HTMLElement;
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  readonly #sized: ResizeObserver;
  #data: GridData = { columns: [], rows: 0, order: undefined, sort: undefined };
  #widths: number[] = [];
  #pool: Line[] = [];
  #at: GridPlace = { row: 0, column: 0 };
  /** The other corner of what is selected. */
  #anchor: GridPlace = this.#at;
  #first = -1;
  #frame = 0;
  #indexWidth = 52;

  constructor(host: HTMLElement, events: GridEvents) {
    this.#host = host;
    this.#events = events;
    this.#view = madeElement("grid-view", "grid", host);
    this.#head = madeElement("grid-head", "row", this.#view);
    this.#body = madeElement("grid-body", "rowgroup", this.#view);
    this.#view.tabIndex = 0;
    this.#view.setAttribute("aria-label", "Rows of the result");
    this.#view.setAttribute("aria-multiselectable", "true");
    this.#view.addEventListener("scroll", () => this.#drawLater(), { passive: true });
    this.#view.addEventListener("keydown", (event) => this.#onKey(event));
    this.#view.addEventListener("click", (event) => this.#onClick(event));
    this.#view.addEventListener("pointerdown", (event) => this.#onPointerDown(event));
    this.#sized = new ResizeObserver(() => this.#fit());
    this.#sized.observe(this.#view);
  }

  /** Another result. */
  show(data: GridData): void {
    this.#widths = data.columns.map(({ width }) => width);
    for (const { element: line } of this.#pool) line.remove();
    this.#pool = [];
    this.#view.scrollTop = 0;
    this.#at = { row: 0, column: 0 };
    this.#anchor = this.#at;
    this.#indexWidth = 22 + data.rows.toLocaleString("en-US").length * 7;
    this.arrange(data);
  }

  /** The same rows in another order. */
  arrange(data: GridData): void {
    this.#data = data;
    this.#view.setAttribute("aria-rowcount", String(data.rows + 1));
    this.#view.setAttribute("aria-colcount", String(data.columns.length + 1));
    this.#drawHead();
    this.#layOut();
    this.#fit();
  }

  destroy(): void {
    this.#sized.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#host.replaceChildren();
  }

  #drawHead(): void {
    const corner = madeElement("cell index", "columnheader", undefined);
    madeElement("unseen", undefined, corner).textContent = "row";
    const { columns, sort } = this.#data;
    const heads = columns.map(({ name, type, isRight }, i) => {
      const head = madeElement(`cell${isRight ? " r" : ""}`, "columnheader", undefined);
      head.dataset.column = String(i);
      const direction = sort?.column === i ? (sort.isDown ? "descending" : "ascending") : "none";
      head.setAttribute("aria-sort", direction);
      madeElement("", undefined, head, "b").textContent = name;
      madeElement("", undefined, head, "span").textContent = type;
      madeElement("grip", undefined, head);
      return head;
    });
    this.#head.replaceChildren(corner, ...heads);
  }

  #layOut(): void {
    const template = [this.#indexWidth, ...this.#widths].map((width) => `${width}px`).join(" ");
    const width = this.#indexWidth + this.#widths.reduce((sum, own) => sum + own, 0);
    this.#head.style.gridTemplateColumns = template;
    for (const { element: line } of this.#pool) line.style.gridTemplateColumns = template;
    this.#head.style.width = `${width}px`;
    this.#body.style.width = `${width}px`;
    this.#body.style.height = `${this.#data.rows * ROW_HEIGHT}px`;
  }

  #fit(): void {
    const wanted = Math.ceil(this.#view.clientHeight / ROW_HEIGHT) + 2 * SPARE;
    while (this.#pool.length < wanted) {
      const line = madeElement("grid-row", "row", this.#body);
      line.style.gridTemplateColumns = this.#head.style.gridTemplateColumns;
      const index = madeElement("cell index", "rowheader", line);
      const cells = this.#data.columns.map(() => madeElement("cell", "gridcell", line));
      this.#pool.push({ element: line, cells: [index, ...cells], row: -1 });
    }
    this.#draw(true);
  }

  #drawLater(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(false);
    });
  }

  #draw(isForced: boolean): void {
    const first = Math.max(0, Math.floor(this.#view.scrollTop / ROW_HEIGHT) - SPARE);
    if (!isForced && first === this.#first) return;
    this.#first = first;
    for (let row = first; row < first + this.#pool.length; row++) {
      const line = this.#pool[row % this.#pool.length];
      if (line !== undefined && (isForced || line.row !== row)) this.#fill(line, row);
    }
  }

  #fill(line: Line, row: number): void {
    line.row = row;
    line.element.style.transform = `translateY(${row * ROW_HEIGHT}px)`;
    line.element.hidden = row >= this.#data.rows;
    if (line.element.hidden) return;
    line.element.setAttribute("aria-rowindex", String(row + 2));
    const [index, ...cells] = line.cells;
    if (index !== undefined) index.textContent = (row + 1).toLocaleString("en-US");
    for (const [i, cell] of cells.entries()) this.#fillCell(cell, { row, column: i });
  }

  #fillCell(cell: HTMLElement, place: GridPlace): void {
    const text = this.#text(place);
    const isAt = place.row === this.#at.row && place.column === this.#at.column;
    const isPicked = !isAt && this.#isPicked(place);
    cell.textContent = text ?? "NULL";
    const isRight = this.#data.columns[place.column]?.isRight === true;
    cell.className = `cell${isRight ? " r" : ""}${text === undefined ? " null" : ""}${isAt ? " at" : ""}${isPicked ? " picked" : ""}`;
    cell.id = isAt ? "grid-at" : "";
    if (isAt || isPicked) cell.setAttribute("aria-selected", "true");
    else cell.removeAttribute("aria-selected");
  }

  #text({ row, column }: GridPlace): string | undefined {
    return this.#data.columns[column]?.text(this.#data.order?.[row] ?? row);
  }

  #isPicked({ row, column }: GridPlace): boolean {
    const [from, to] = cornersOf(this.#at, this.#anchor);
    return row >= from.row && row <= to.row && column >= from.column && column <= to.column;
  }

  /** `isExtending`: the selection grows to there. */
  #move(to: GridPlace, isExtending: boolean): void {
    const { rows, columns } = this.#data;
    if (rows === 0) return;
    const at = {
      row: Math.max(0, Math.min(rows - 1, to.row)),
      column: Math.max(0, Math.min(columns.length - 1, to.column)),
    };
    this.#at = at;
    if (!isExtending) this.#anchor = at;
    this.#scrollTo(at);
    this.#draw(true);
    this.#view.setAttribute("aria-activedescendant", "grid-at");
    this.#events.onCell({ row: at.row, column: columns[at.column]?.name ?? "", text: this.#text(at) });
  }

  #scrollTo({ row, column }: GridPlace): void {
    const view = this.#view;
    const top = row * ROW_HEIGHT;
    const room = view.clientHeight - this.#head.offsetHeight - ROW_HEIGHT;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top > view.scrollTop + room) view.scrollTop = top - room;
    const left = this.#widths.slice(0, column).reduce((sum, width) => sum + width, 0);
    const right = left + this.#indexWidth + (this.#widths[column] ?? 0);
    if (left < view.scrollLeft) view.scrollLeft = left;
    else if (right > view.scrollLeft + view.clientWidth) view.scrollLeft = right - view.clientWidth;
  }

  #onKey(event: KeyboardEvent): void {
    const { column } = this.#at;
    const hasCommand = event.metaKey || event.ctrlKey;
    const { rows, columns } = this.#data;
    const page = Math.max(1, Math.floor(this.#view.clientHeight / ROW_HEIGHT) - 3);
    const next = placeAfterKey(event, this.#at, { rows, columns: columns.length, page });
    if (next !== undefined && event.altKey)
      this.#widen(event.key === "ArrowRight" ? WIDTH_STEP : event.key === "ArrowLeft" ? -WIDTH_STEP : 0);
    else if (next !== undefined) this.#move(next, event.shiftKey);
    else if (event.key === "Enter") this.#events.onSort(column);
    else if (event.key === " ") this.#events.onOpen();
    else if (hasCommand && event.key === "c" && String(getSelection()) === "")
      void navigator.clipboard?.writeText(this.#selectedText());
    else return;
    event.preventDefault();
  }

  #widen(by: number): void {
    const { column } = this.#at;
    this.#widths[column] = Math.max(WIDTH_MIN, (this.#widths[column] ?? WIDTH_MIN) + by);
    this.#layOut();
  }

  /** Tabs between cells and lines between rows, as tables of other programs take them. */
  #selectedText(): string {
    const [from, to] = cornersOf(this.#at, this.#anchor);
    const lines: string[] = [];
    for (let row = from.row; row <= to.row; row++) {
      const texts: string[] = [];
      for (let column = from.column; column <= to.column; column++)
        texts.push(this.#text({ row, column }) ?? "");
      lines.push(texts.join("\t"));
    }
    return lines.join("\n");
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const head = target.closest<HTMLElement>("[data-column]");
    if (head !== null && !target.classList.contains("grip")) {
      this.#events.onSort(Number(head.dataset.column));
      return;
    }
    const line = this.#pool.find(({ element: own }) => own.contains(target));
    const cell = target.closest<HTMLElement>(".cell");
    if (line === undefined || cell === null) return;
    this.#move({ row: line.row, column: Math.max(0, line.cells.indexOf(cell) - 1) }, event.shiftKey);
  }

  #onPointerDown(event: PointerEvent): void {
    const target = event.target as HTMLElement;
    const head = target.parentElement;
    if (!target.classList.contains("grip") || head === null) return;
    event.preventDefault();
    const column = Number(head.dataset.column);
    const begun = { x: event.clientX, width: this.#widths[column] ?? WIDTH_MIN };
    const drag = (move: PointerEvent): void => {
      this.#widths[column] = Math.max(WIDTH_MIN, begun.width + move.clientX - begun.x);
      this.#layOut();
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", () => removeEventListener("pointermove", drag), { once: true });
  }
}
