/** Figures: a few values, large, by their titles. */

import { html, nothing } from "./vendor/lit-html.js";

/** @param {[title: string, value: unknown, note?: string][]} rows */
export function figures(rows) {
  return html`<dl class="figures">
    ${rows.map(([title, value, note]) => html`<div><dt>${title}</dt><dd>${value}</dd>
      ${note ? html`<dd class="before">${note}</dd>` : nothing}</div>`)}
  </dl>`;
}
