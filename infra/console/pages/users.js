/** Users and their roles. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, send } from "../api.js";
import { at, since } from "../columns.js";
import { showFilters } from "../filters.js";
import { onSubmit } from "../form.js";
import { name, toDate } from "../format.js";
import { show } from "../panel.js";
import { getRights } from "../session.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

const MAX = 200; // users an answer

/** @param {State} state */
export function load({ query: { q } }) {
  return {
    users: (/** @type {AbortSignal} */ signal) => get("api/admin/users", { q, limit: MAX }, signal),
  };
}

/** @type {import("../table.js").Column[]} */
const COLUMNS = [
  { title: "Name", view: ({ id, username }) => html`<a href=${link("user", id)}>${name(username)}</a>` },
  { title: "Role", view: ({ role }) => html`<span class=${role === "player" ? "" : "badge"}>${role}</span>` },
  { title: "E-mail", view: ({ email }) => name(email) },
  { title: "State", view: showState },
  since("Seen", "last_seen_at"),
  at("Registered", "created_at"),
];

/** @param {any} user */
function showState({ banned, muted_until: muted }) {
  const isMuted = (toDate(muted)?.getTime() ?? 0) > Date.now();
  return html`${banned ? html`<span class="badge bad">banned</span>` : nothing}
    ${isMuted ? html`<span class="badge">muted</span>` : nothing}`;
}

/** @param {State} state @param {{users: Panel}} data */
export function view(state, { users }) {
  return html`<h1>Users and roles</h1>
    ${showFilters(state, [
      { name: "q", title: "Name or e-mail begins with", kind: "search", maxlength: 254 },
    ])}
    ${show(users, {
      title: "Users by name",
      empty: "Nobody's name or e-mail begins so.",
      isEmpty: (value) => !value.users.length,
      view: (value) => html`
        ${table({ caption: "Users", columns: COLUMNS, rows: value.users })}
        ${value.users.length === MAX
          ? html`<p class="note">The first ${MAX} by name. Type how the name begins.</p>` : nothing}`,
    })}
    ${getRights().has("admin") ? showCreation(users) : nothing}`;
}

/** @param {Panel} users */
function showCreation(users) {
  const create = onSubmit(async (fields, form) => {
    const made = await send("POST", "api/users", fields);
    form.reset();
    users.start();
    return `${made.username} can sign in, and must choose another password then.`;
  });
  return html`<section class="panel" aria-labelledby="creation">
    <header><h2 id="creation">Make an account</h2></header>
    <form class="stacked" @submit=${create}>
      <label>Name <input name="username" required minlength="3" maxlength="20" autocomplete="off"></label>
      <label>E-mail <input name="email" type="email" required maxlength="254" autocomplete="off"></label>
      <label>Password for the first time
        <input name="password" type="password" required minlength="6" maxlength="128"
          autocomplete="new-password">
      </label>
      <label>Role <select name="role">
        <option value="USER">player</option>
        <option value="ADMIN">staff</option>
        <option value="SUPERADMIN">admin</option>
      </select></label>
      <div><button class="primary">Make the account</button></div>
      <output role="status"></output>
    </form>
  </section>`;
}
