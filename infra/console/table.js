/**
 * Tables. Up to 200 rows are rendered whole; of more, those that are seen. Lists go on by cursors,
 * when their end comes into sight or by a button.
 */

import { html, nothing, render } from "./vendor/lit-html.js";
import { change } from "./url.js";
import { slice } from "./visible_rows.js";

/** @typedef {import("./url.js").State} State */
/** @typedef {import("./panel.js").Panel} Panel */
/**
 * @typedef {{title: string, view: (row: any, index: number) => unknown, kind?: "number" | "wide",
 *   sort?: string}} Column `sort`: what the API calls the column when it sorts by it
 * @typedef {{caption: string, columns: Column[], rows: any[], panel?: Panel, empty?: string,
 *   sorted?: {state: State, by: string, order: string}}} Table `sorted`: how the rows are
 *   sorted, and the state whose `sort` and `order` change that; `panel`: who loads further rows
 */

const MAX_WHOLE = 200; // rows
const NEAR = 600; // pixels before the end at which further rows are loaded

/** @param {Table} options */
export function table(options) {
  return html`<data-table .table=${options}></data-table>`;
}

class DataTable extends HTMLElement {
  /** @type {Table | null} */
  #table = null;
  #rowHeight = 36;
  #isDue = false;

  /** @param {Table} options */
  set table(options) {
    this.#table = options;
    this.#draw();
  }

  #draw() {
    if (!this.#table) return;
    const { rows } = this.#table;
    const isLong = rows.length > MAX_WHOLE;
    render(isLong ? this.#long(this.#table) : whole(this.#table), this);
    if (!isLong) return;
    const row = /** @type {HTMLElement | null} */ (this.querySelector("tbody tr[aria-rowindex]"));
    const height = row?.offsetHeight;
    if (!height || height === this.#rowHeight) return;
    this.#rowHeight = height;
    this.#schedule();
  }

  /** @param {Table} options */
  #long(options) {
    const scroller = this.querySelector(".scroller");
    const view = slice({
      count: options.rows.length,
      rowHeight: this.#rowHeight,
      scrollTop: scroller?.scrollTop ?? 0,
      height: scroller?.clientHeight || 800,
    });
    const rows = options.rows.slice(view.start, view.end);
    return html`<div class="scroller long" tabindex="0" role="group" aria-label=${options.caption}
        @scroll=${this.#schedule}>
      <table aria-rowcount=${options.panel?.hasMore ? -1 : options.rows.length + 1}>
        ${head(options)}
        <tbody>
          ${space(view.before, options)}
          ${rows.map((row, index) => line(options, row, view.start + index))}
          ${space(view.after, options)}
        </tbody>
      </table>
    </div>${foot(options)}`;
  }

  #schedule = () => {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
      this.#goOn();
    });
  };

  #goOn() {
    const scroller = this.querySelector(".scroller");
    const panel = this.#table?.panel;
    if (!scroller || !panel?.hasMore || panel.error) return;
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (left < NEAR) panel.more();
  }
}

/** @param {Table} options */
function whole(options) {
  return html`<div class="scroller" tabindex="0" role="group" aria-label=${options.caption}>
    <table>
      ${head(options)}
      <tbody>${options.rows.map((row, index) => line(options, row, index))}</tbody>
    </table>
  </div>${foot(options)}`;
}

/** @param {Table} options */
function head({ caption, columns, sorted }) {
  return html`<caption class="visually-hidden">${caption}</caption>
    <thead><tr aria-rowindex="1">${columns.map((column) => headCell(column, sorted))}</tr></thead>`;
}

/** @param {Column} column @param {Table["sorted"]} sorted */
function headCell({ title, kind, sort }, sorted) {
  if (!sort || !sorted) return html`<th scope="col" class=${kind ?? ""}>${title}</th>`;
  const isBy = sorted.by === sort;
  const order = isBy && sorted.order === "desc" ? "asc" : "desc";
  const now = isBy ? (sorted.order === "desc" ? "descending" : "ascending") : "none";
  return html`<th scope="col" class=${kind ?? ""} aria-sort=${now}>
    <a href=${change(sorted.state, { sort, order: order === "desc" ? "" : order })}>${title}</a>
  </th>`;
}

/** @param {Table} options @param {any} row @param {number} index */
function line({ columns }, row, index) {
  return html`<tr aria-rowindex=${index + 2}>
    ${columns.map(({ view, kind = "" }) => html`<td class=${kind}>${view(row, index)}</td>`)}
  </tr>`;
}

/** @param {number} height in pixels @param {Table} options */
function space(height, { columns }) {
  if (!height) return nothing;
  return html`<tr class="space" aria-hidden="true"><td colspan=${columns.length} height=${height}></td></tr>`;
}

/** @param {Table} options */
function foot({ panel, rows }) {
  if (!panel?.hasMore) return nothing;
  return html`<p class="more">
    <button @click=${panel.more} ?disabled=${panel.isLoading}>
      ${panel.isLoading ? "Loading …" : `More after these ${rows.length}`}
    </button>
  </p>`;
}

customElements.define("data-table", DataTable);
