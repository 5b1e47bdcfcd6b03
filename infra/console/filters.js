/** Filters of a page: a form whose fields are in the address. */

import { html, nothing } from "./vendor/lit-html.js";
import { toDate } from "./format.js";
import { change } from "./url.js";

/** @typedef {import("./url.js").State} State */
/**
 * @typedef {{name: string, title: string, kind?: "search" | "text" | "number" | "date" | "datetime-local",
 *   options?: [string, string][], placeholder?: string, maxlength?: number}} Field `options`: values
 *   and what they are called, "" for none
 */

/**
 * @param {State} state
 * @param {Field[]} fields
 */
export function showFilters(state, fields) {
  const names = fields.map(({ name }) => name);
  const given = names.filter((name) => state.query[name]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    apply(state, names, /** @type {HTMLElement} */ (event.currentTarget));
  };
  return html`<form class="filters" role="search" @submit=${submit}>
    ${fields.map((field) => html`<label>${field.title} ${showField(state, field, names)}</label>`)}
    <button>Apply</button>
    ${given.length
      ? html`<a class="button" href=${change(state, toNothing(names))}>Clear</a>`
      : nothing}
  </form>`;
}

/** @param {State} state @param {Field} field @param {string[]} names */
function showField(state, { name, kind = "text", options, placeholder, maxlength = 128 }, names) {
  const given = state.query[name] ?? "";
  const value = kind === MOMENT ? toLocal(given) : given;
  if (!options) {
    return html`<input name=${name} type=${kind} .value=${value} maxlength=${maxlength}
      placeholder=${placeholder ?? nothing} autocomplete="off">`;
  }
  const choose = (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.currentTarget);
    if (select.form) apply(state, names, select.form);
  };
  return html`<select name=${name} @change=${choose}>
    ${options.map(([option, title]) => html`<option value=${option} ?selected=${option === value}>
      ${title}</option>`)}
  </select>`;
}

/** @param {State} state @param {string[]} names @param {HTMLElement} form */
function apply(state, names, form) {
  const { elements } = /** @type {HTMLFormElement} */ (form);
  location.hash = change(state, Object.fromEntries(names.map((name) => {
    const { value, type } = /** @type {HTMLInputElement} */ (elements.namedItem(name));
    return [name, type === MOMENT && value ? new Date(value).toISOString() : value.trim()];
  })));
}

const MOMENT = "datetime-local"; // shown in the viewer's zone; the address says it in UTC

/** A moment as its field takes it. @param {string} given */
function toLocal(given) {
  const moment = toDate(given);
  if (!moment) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {string[]} names */
function toNothing(names) {
  return Object.fromEntries(names.map((name) => [name, ""]));
}
