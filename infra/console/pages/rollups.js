/** The rollup explorer: choose a rollup, columns and range; table, plot, SQL, download. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, getPage, request } from "../api.js";
import { number, time } from "../format.js";
import { onSubmit } from "../form.js";
import { paged, show } from "../panel.js";
import { plot } from "../plot.js";
import { toPlot } from "../rollup_plot.js";
import { table } from "../table.js";
import { change, link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {AbortSignal} Signal */

const FORMATS = ["csv", "ndjson", "parquet"];
const LIMIT = 1000;

/** @param {State} state @returns {Record<string, any>} */
export function load({ id, query }) {
  const list = async (/** @type {Signal} */ signal) =>
    (await get("api/rollups", {}, signal)).rollups;
  if (!id) return { list };
  return {
    list,
    rows: paged((cursor, signal) =>
      getPage(`api/rollups/${encodeURIComponent(id)}`, { ...asked(query), limit: LIMIT, cursor },
        "rows", signal)),
  };
}

/** @param {Record<string, string>} query */
function asked({ from, to, columns, dirty }) {
  return { from, to, columns, dirty };
}

/** @param {State} state @param {any} data */
export function view(state, { list, rows }) {
  const rollup = list.value?.find((/** @type {any} */ one) => one.name === state.id);
  return html`<h1>${state.id || "Rollups"}</h1>
    ${state.id ? html`<p><a href=${link("rollups")}>All rollups</a></p>` : nothing}
    ${state.id
      ? html`${rollup ? showChoices(state, rollup) : show(list, { title: "Rollup", view: () => nothing })}
        ${show(rows, {
          title: "Rows",
          empty: "There are no rows in this range.",
          view: (value) => showRows(value, rows),
        })}
        ${rows.value ? showDownloads(state) : nothing}`
      : show(list, {
        title: "Rollups",
        view: (all) => table({ caption: "Rollups", columns: ROLLUPS, rows: all }),
      })}`;
}

/** @type {import("../table.js").Column[]} */
const ROLLUPS = [
  { title: "Rollup", view: ({ name }) => html`<a href=${link("rollups", name)}>${name}</a>` },
  { title: "Bucket", view: ({ bucket, width }) => `${bucket}, ${width}` },
  { title: "Not refreshed yet", kind: "number", view: (one) => number(one.dirty_buckets) },
  { title: "A row is", kind: "wide", view: ({ comment }) => comment },
];

/** @param {State} state @param {any} rollup */
function showChoices(state, rollup) {
  const { from = "", to = "", columns = "", dirty = "" } = state.query;
  const chosen = new Set(columns ? columns.split(",") : []);
  return html`<section class="panel" aria-labelledby="choices">
    <header><h2 id="choices">What to show</h2></header>
    <p>${rollup.comment}</p>
    <form class="stacked" @submit=${choose(state)}>
      <label>From (UTC) <input type="date" name="from" .value=${from.slice(0, 10)}></label>
      <label>To, not included <input type="date" name="to" .value=${to.slice(0, 10)}></label>
      <fieldset>
        <legend>Columns (none chosen: all)</legend>
        ${rollup.columns.map((/** @type {any} */ column) => html`<label class="check">
          <input type="checkbox" name="columns" value=${column.name}
            .checked=${chosen.has(column.name)}>
          <code>${column.name}</code> ${column.unit ? `(${column.unit})` : nothing}
        </label>`)}
      </fieldset>
      <label class="check">
        <input type="checkbox" name="dirty" value="include" .checked=${dirty === "include"}>
        Also buckets that changed since the last refresh
      </label>
      <button>Show</button>
      <output></output>
    </form>
    <details>
      <summary>Columns</summary>
      ${table({ caption: "Columns", columns: COLUMNS, rows: rollup.columns })}
    </details>
  </section>`;
}

const COLUMNS = [
  { title: "Column", view: (/** @type {any} */ one) => html`<code>${one.name}</code>` },
  { title: "Type", view: (/** @type {any} */ one) => one.sql_type },
  { title: "Unit", view: (/** @type {any} */ one) => one.unit ?? "–" },
  {
    title: "What it holds", kind: /** @type {const} */ ("wide"),
    view: (/** @type {any} */ one) => one.comment ?? "–",
  },
];

/** @param {State} state */
function choose(state) {
  return onSubmit(async ({ from, to, dirty }, form) => {
    const columns = new FormData(form).getAll("columns").join(",");
    location.hash = change(state, { from, to, columns, dirty });
  });
}

/** @param {any} page @param {import("../panel.js").Panel} panel */
function showRows({ items, body }, panel) {
  const columns = body.columns.map((/** @type {any} */ column, /** @type {number} */ index) => ({
    title: column.name,
    kind: column.type === "text" || column.type === "timestamp" ? undefined : "number",
    view: (/** @type {any[]} */ row) => showCell(column, row[index]),
  }));
  const drawn = toPlot(body.columns, items);
  return html`${body.dirty_buckets
      ? html`<p class="note">${number(body.dirty_buckets)} buckets of this range changed since the
          last refresh.</p>` : nothing}
    ${drawn ? plot({ ...drawn, title: "Sums by bucket of the rows below", isUtc: true }) : nothing}
    ${table({ caption: "Rows", columns, rows: items, panel })}
    <details><summary>SQL</summary><pre tabindex="0">${body.sql}</pre></details>`;
}

/** @param {any} column @param {any} value */
function showCell({ type }, value) {
  if (value === null) return "–";
  if (type === "timestamp") return time(value);
  return typeof value === "number" ? number(value) : String(value);
}

/** @param {State} state */
function showDownloads(state) {
  return html`<section class="panel" aria-labelledby="downloads">
    <header><h2 id="downloads">Download</h2></header>
    <form @submit=${onSubmit(async (_, form) => download(state, form))}>
      <label>Format
        <select name="format">${FORMATS.map((one) => html`<option>${one}</option>`)}</select>
      </label>
      <button>Download</button>
      <output role="status"></output>
    </form>
  </section>`;
}

/** @param {State} state @param {HTMLFormElement} form */
async function download({ id, query }, form) {
  const format = String(new FormData(form).get("format"));
  const path = `api/rollups/${encodeURIComponent(id)}`;
  const { headers } = await request("GET", path, { query: { ...asked(query), format, link: true } });
  location.assign(headers.get("Location") ?? "");
  return "The file is on its way.";
}
