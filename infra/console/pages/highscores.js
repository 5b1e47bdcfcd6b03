/** The web game's best players. */

import { html } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { called, count } from "../columns.js";
import { show } from "../panel.js";
import { table } from "../table.js";

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  count("Rank", "rank"),
  called("Player", "username"),
  count("Level", "level"),
  count("Experience", "exp"),
  count("Items", "item_score"),
  count("Gold", "gold"),
  count("Attack", "total_attack"),
  count("Defence", "total_defense"),
  count("Health", "total_hp"),
];

export function load() {
  return { scores: (/** @type {AbortSignal} */ signal) => get("api/highscores", {}, signal) };
}

/** @param {import("../url.js").State} _ @param {any} data */
export function view(_, { scores }) {
  return html`<h1>Highscores</h1>
    ${list(scores, "Best by level", "by_level")}
    ${list(scores, "Best by what they wear", "by_item_score")}`;
}

/** @param {import("../panel.js").Panel} panel @param {string} title @param {string} key */
function list(panel, title, key) {
  return show(panel, {
    title,
    id: key,
    empty: "Nobody plays yet.",
    isEmpty: (scores) => !scores[key].length,
    view: (scores) => table({ caption: title, columns: COLUMNS, rows: scores[key] }),
  });
}
