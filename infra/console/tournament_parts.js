/** Parts of a tournament's page: its bracket drawn, its rounds, and why they are as they are. */

import { html, nothing } from "./vendor/lit-html.js";
import { name, number } from "./format.js";
import { link } from "./url.js";

/** @typedef {(id: string | null | undefined) => unknown} ShowPlayer */

const BRACKETS = /** @type {[string, string][]} */ ([
  ["winners", "Winners"], ["losers", "Losers"], ["grand_final", "Grand final"],
  ["third_place", "Third place"],
]);
const BYES = /** @type {Record<string, string>} */ ({
  odd_number: "an odd number of players", bracket: "the bracket", walkover: "a walkover",
});

/**
 * How players are shown: by the names that the standings have.
 * @param {any[]} standings
 * @returns {ShowPlayer}
 */
export function byName(standings) {
  const names = new Map(standings.map((row) => [row.user_id, row.display_name]));
  return (id) => name(names.get(id) ?? id, "–");
}

/**
 * The matches of each bracket, by rounds.
 * @param {any[]} rounds
 * @returns {{title: string, rounds: {number: number, matches: any[]}[]}[]}
 */
export function toBrackets(rounds) {
  return BRACKETS.flatMap(([bracket, title]) => {
    const found = rounds.flatMap(({ round_number: number, pairings }) => {
      const matches = pairings.filter((/** @type {any} */ one) => one.bracket === bracket);
      return matches.length ? [{ number, matches }] : [];
    });
    return found.length ? [{ title, rounds: found }] : [];
  });
}

/** @param {any[]} rounds @param {ShowPlayer} player */
export function showBrackets(rounds, player) {
  return toBrackets(rounds).map(({ title, rounds: columns }) => html`
    <h3>${title}</h3>
    <div class="scroller" tabindex="0" role="group" aria-label=${`${title}, by rounds`}>
      <ol class="bracket">
        ${columns.map(({ number: round, matches }) => html`<li>
          <h4>Round ${round}</h4>
          <ol>${matches.map((match) => html`<li>${showMatch(match, player)}</li>`)}</ol>
        </li>`)}
      </ol>
    </div>`);
}

/** @param {any} match @param {ShowPlayer} player */
export function showMatch(match, player) {
  return html`<article class="match">
    <p class="note">
      ${match.match_code ? html`${match.match_code} · ` : nothing}
      ${match.table_number ? html`Table ${match.table_number} · ` : nothing}
      <a href=${link("battle", match.battle_id)}>${toStatus(match)}</a>
    </p>
    ${showSide(match, match.player1_id, player)} ${showSide(match, match.player2_id, player)}
    ${match.warnings.map((/** @type {string} */ text) => html`<p class="note">${text}</p>`)}
  </article>`;
}

/** @param {any} match @param {string} id @param {ShowPlayer} player */
function showSide(match, id, player) {
  const hasWon = match.winner_id === id;
  const points = match.victory_points?.[id];
  return html`<p class=${hasWon ? "side winner" : "side"}>
    ${player(id)}${hasWon ? html`<span class="visually-hidden"> won</span>` : nothing}
    <span class="number">${points === undefined ? "" : number(points)}</span>
  </p>`;
}

/** @param {any} match */
function toStatus({ status, result_type: result }) {
  if (status === "completed") return result ? result.replaceAll("_", " ") : "completed";
  return status === "in_progress" ? "being played" : status;
}

/** @param {any[]} rounds with reports @param {ShowPlayer} player */
export function showRounds(rounds, player) {
  return [...rounds].reverse().map((round, index) => html`<details ?open=${index === 0}>
    <summary>Round ${round.round_number}, ${round.status.replaceAll("_", " ")}${round.stale
      ? ", paired before a result was corrected" : nothing}</summary>
    <div class="matches">${round.pairings.map((/** @type {any} */ one) => showMatch(one, player))}</div>
    ${round.byes.map((/** @type {any} */ bye) => html`<p>
      ${player(bye.player_id)} has a bye, by ${BYES[bye.reason] ?? bye.reason}.</p>`)}
    ${showReport(round.pairing_report, player)}
  </details>`);
}

/** @param {any} report @param {ShowPlayer} player */
function showReport(report, player) {
  if (!report) return nothing;
  return html`<details class="report">
    <summary>Why these pairings</summary>
    <ul>
      ${report.notes.map((/** @type {string} */ note) => html`<li>${note}</li>`)}
      ${report.cross_record.map((/** @type {any} */ one) => html`<li>
        ${player(one.players[0])} and ${player(one.players[1])} meet with
        ${one.match_points.map(number).join(" and ")} match points</li>`)}
      ${report.rematches.map((/** @type {any} */ one) => html`<li>
        ${player(one.players[0])} and ${player(one.players[1])} meet again, after round
        ${one.rounds.join(", ")}</li>`)}
      ${report.repeat_bye ? html`<li>${player(report.repeat_bye)} has a second bye</li>` : nothing}
      ${report.same_club.map((/** @type {string[]} */ pair) => html`<li>
        ${player(pair[0])} and ${player(pair[1])} are of one club</li>`)}
      ${report.rematch_free_possible ? nothing : html`<li>Without a rematch nothing was possible</li>`}
    </ul>
  </details>`;
}
