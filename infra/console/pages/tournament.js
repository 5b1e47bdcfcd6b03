/** One tournament: standings with their reasons, the bracket drawn, rounds with theirs. */

import { html, nothing } from "../vendor/lit-html.js";
import { get } from "../api.js";
import { count } from "../columns.js";
import { name, number, percent, time } from "../format.js";
import { show } from "../panel.js";
import { table } from "../table.js";
import { byName, showBrackets, showRounds } from "../tournament_parts.js";
import { change } from "../url.js";

/** @typedef {import("../url.js").State} State */

const EVERY = 15_000; // milliseconds

/** @param {State} state */
export function load({ id, query: { round } }) {
  const path = `v1/tournaments/${encodeURIComponent(id)}`;
  return {
    tournament: {
      load: async (/** @type {AbortSignal} */ signal) => (await get(path, {}, signal)).tournament,
      every: EVERY,
    },
    standings: {
      load: (/** @type {AbortSignal} */ signal) => get(`${path}/standings`, { round }, signal),
      every: EVERY,
    },
    rounds: {
      load: async (/** @type {AbortSignal} */ signal) => (await get(`${path}/rounds`, {}, signal)).rounds,
      every: EVERY,
    },
  };
}

/** @param {State} state @param {any} data */
export function view(state, { tournament, standings, rounds }) {
  const { value } = tournament;
  const player = byName(standings.value?.data ?? []);
  return html`<h1>${name(value?.name, "Tournament")}</h1>
    ${show(tournament, { title: "At a glance", view: (one) => showTournament(one, player) })}
    ${show(standings, {
      title: "Standings",
      empty: "Nobody is registered yet.",
      isEmpty: ({ data }) => !data.length,
      tools: value ? chooseRound(state, value.current_round) : nothing,
      view: showStandings,
    })}
    ${value && value.format !== "swiss" && rounds.value?.length
      ? show(rounds, { title: "Bracket", view: (all) => showBrackets(all, player) })
      : nothing}
    ${show(rounds, {
      title: "Rounds",
      empty: "No round is paired yet.",
      view: (all) => showRounds(all, player),
    })}`;
}

/** @param {any} tournament @param {(id: string | null) => unknown} player */
function showTournament(tournament, player) {
  return html`<p>
      ${tournament.format.replaceAll("_", " ")}, ${tournament.status}, round
      ${number(tournament.current_round)}; ${number(tournament.current_participants)} of
      ${number(tournament.max_participants)} seats${tournament.waitlist_count
        ? `, ${number(tournament.waitlist_count)} waiting` : nothing}
    </p>
    <p class="note">${time(tournament.start_date)} to ${time(tournament.end_date)}${tournament.location
      ? html` · ${name(tournament.location)}` : nothing}</p>
    ${tournament.champion_id
      ? html`<p><strong>Champion: ${player(tournament.champion_id)}</strong></p>` : nothing}
    ${tournament.description ? html`<p>${tournament.description}</p>` : nothing}`;
}

/** @param {State} state @param {number} last */
function chooseRound(state, last) {
  if (last < 2) return nothing;
  const shown = state.query.round ?? "";
  const rounds = Array.from({ length: last }, (_, index) => String(index + 1));
  return html`<nav class="choices" aria-label="After round">
    ${["", ...rounds].map((one) => html`<a href=${change(state, { round: one })}
      aria-current=${one === shown}>${one ? `after ${one}` : "now"}</a>`)}
  </nav>`;
}

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  count("Place", "rank"),
  { title: "Player", view: ({ display_name: called, status }) => html`${name(called)}${
    status === "confirmed" ? nothing : html` <span class="badge">${status}</span>`}` },
  { title: "Army", view: ({ army }) => name(army?.faction_id?.replace(/^fac_/, ""), "–") },
  { title: "Record", view: ({ wins, losses, draws }) => `${wins}–${losses}–${draws}` },
  count("Match points", "match_points"),
  count("Battle points", "battle_points"),
  count("Victory points", "victory_points"),
  { title: "Opponents won", kind: "number", view: (row) => percent(row.opp_win_pct) },
  { title: "Why", kind: "wide", view: ({ explain }) => showReason(explain) },
];

/** @param {any} standings */
function showStandings({ data, final, round, tiebreakers }) {
  return html`<p class="note">${final ? "Final" : `After round ${round}`}; ties are broken by
      ${tiebreakers.map((/** @type {string} */ one) => one.replaceAll("_", " ")).join(", ")}.</p>
    ${table({ caption: "Standings", columns: COLUMNS, rows: data })}`;
}

/** @param {any} explain */
function showReason(explain) {
  if (!explain) return "–";
  return html`<details>
    <summary>${explain.text}</summary>
    <ul>
      ${explain.opponents.map((/** @type {any} */ one) => html`<li>
        Round ${one.round}: ${one.result} against one who won ${percent(one.win_pct)}${one.counted
          ? nothing : html`, not counted: ${one.why_not}`}</li>`)}
    </ul>
  </details>`;
}
