/** A week by hours, as a table whose cells are the darker the more there is. */

import { html } from "./vendor/lit-html.js";
import { number } from "./format.js";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const FROM_MONDAY = [1, 2, 3, 4, 5, 6, 0];
const STEPS = 9;

/**
 * @param {{title: string, matrix: number[][], zone: string}} options `matrix`: by weekday from Sunday,
 *   then by hour
 */
export function heatMap({ title, matrix, zone }) {
  const most = Math.max(1, ...matrix.flat());
  return html`<div class="scroller" tabindex="0" role="group" aria-label=${title}>
    <table class="heat">
      <caption>${title}, ${zone}</caption>
      <thead><tr>
        <th scope="col"><span class="visually-hidden">Day</span></th>
        ${matrix[0].map((_, hour) => html`<th scope="col">${hour}</th>`)}
      </tr></thead>
      <tbody>
        ${FROM_MONDAY.map((day) => html`<tr>
          <th scope="row">${DAYS[day].slice(0, 3)}</th>
          ${matrix[day].map((value, hour) => html`<td class=${`heat-${toStep(value, most)}`}
            title=${`${DAYS[day]}, ${hour}:00: ${number(value)}`}>${value || ""}</td>`)}
        </tr>`)}
      </tbody>
    </table>
  </div>`;
}

/** 0 for nothing, else 1 to 9. @param {number} value @param {number} most */
export function toStep(value, most) {
  return value > 0 ? Math.max(1, Math.ceil((value / most) * STEPS)) : 0;
}

/** The viewer's time zone, as the API names it. */
export function getZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
