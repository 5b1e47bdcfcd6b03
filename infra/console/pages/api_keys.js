/** API keys of bots, scripts and analysts. */

import { html } from "../vendor/lit-html.js";
import { get, send } from "../api.js";
import { called, since } from "../columns.js";
import { confirm, showSecret } from "../dialog.js";
import { onSubmit } from "../form.js";
import { name } from "../format.js";
import { show } from "../panel.js";
import { table } from "../table.js";

/** @typedef {import("../panel.js").Panel} Panel */

/** @type {[string, string][]} */
const SCOPES = [
  ["tilt:write", "tilt:write: a bot reports tilt"],
  ["tilt:read", "tilt:read: reads users' tilt"],
  ["ttt:write", "ttt:write: a server posts TTT rounds"],
  ["tracker", "tracker: acts at the tracker as the user of that name"],
  ["staff", "staff: reads logs, moderates"],
  ["admin", "admin: everything"],
];

export function load() {
  return { keys: (/** @type {AbortSignal} */ signal) => get("api/admin/keys", {}, signal) };
}

/** @param {import("../url.js").State} _ @param {{keys: Panel}} data */
export function view(_, { keys }) {
  return html`<h1>API keys</h1>
    ${show(keys, {
      title: "Keys that work, the newest first",
      empty: "There is none.",
      isEmpty: (value) => !value.keys.length,
      view: (value) => table({ caption: "API keys", columns: toColumns(keys), rows: value.keys }),
    })}
    ${showCreation(keys)}`;
}

/** @param {Panel} keys @returns {import("../table.js").Column[]} */
function toColumns(keys) {
  return [
    called("Name", "name"),
    { title: "Scopes", view: ({ scopes }) => scopes.join(", ") },
    { title: "Key", view: (row) => html`<code>${row.key_id}</code>` },
    since("Used", "last_used_at"),
    {
      title: "Action",
      view: (row) => html`<button class="danger" @click=${() => revoke(row, keys)}
        aria-label=${`Revoke key ${row.key_id}`}>Revoke …</button>`,
    },
  ];
}

/** @param {any} key @param {Panel} keys */
function revoke({ key_id: id, name: owner }, keys) {
  confirm({
    title: "Revoke the key",
    text: html`Whatever uses key <code>${id}</code> of ${name(owner)} is refused within a minute.
      It cannot be undone.`,
    action: "Revoke the key",
    fields: html`<label>Reason, for the audit <input name="reason" maxlength="500"></label>`,
    act: async ({ reason }) => {
      const sent = reason.trim() ? { reason: reason.trim() } : {};
      await send("DELETE", `api/admin/keys/${encodeURIComponent(id)}`, sent);
      keys.start();
    },
  });
}

/** @param {Panel} keys */
function showCreation(keys) {
  const create = onSubmit(async ({ name: owner, reason }, form) => {
    const scopes = new FormData(form).getAll("scopes").map(String);
    if (!scopes.length) return "Choose what it may do.";
    const sent = { name: owner, scopes, ...(reason.trim() ? { reason: reason.trim() } : {}) };
    const made = await send("POST", "api/admin/keys", sent);
    form.reset();
    keys.start();
    showSecret({
      title: html`The new key of ${name(made.name)}`,
      text: html`It is sent as <code>X-Api-Key</code>, and may: ${made.scopes.join(", ")}.`,
      secret: made.key,
    });
  });
  return html`<section class="panel" aria-labelledby="creation">
    <header><h2 id="creation">Make a key</h2></header>
    <form class="stacked" @submit=${create}>
      <label>Name of who gets it <input name="name" required maxlength="64" autocomplete="off"></label>
      <fieldset><legend>It may do this</legend>
        ${SCOPES.map(([scope, title]) => html`<label class="check">
          <input type="checkbox" name="scopes" value=${scope}> ${title}</label>`)}
      </fieldset>
      <label>Reason, for the audit <input name="reason" maxlength="500"></label>
      <p class="note">Two keys of one name work at a time; a third ends the oldest.</p>
      <div><button class="primary">Make the key</button></div>
      <output role="alert"></output>
    </form>
  </section>`;
}
