/** Game servers, and the keys with which they send. */

import { html, nothing } from "../vendor/lit-html.js";
import { get, send } from "../api.js";
import { at, called, count, since } from "../columns.js";
import { confirm, showSecret } from "../dialog.js";
import { onSubmit } from "../form.js";
import { ago, name, number, time } from "../format.js";
import { MODES } from "../log_events.js";
import { show } from "../panel.js";
import { loadServers } from "../server_names.js";
import { getRights } from "../session.js";
import { table } from "../table.js";
import { link } from "../url.js";

/** @typedef {import("../url.js").State} State */
/** @typedef {import("../panel.js").Panel} Panel */

const EVERY = 15_000; // milliseconds

/** @param {State} state */
export function load({ id }) {
  if (!id) return { servers: { load: loadServers, every: EVERY } };
  const path = `api/servers/${encodeURIComponent(id)}`;
  return {
    server: { load: (/** @type {AbortSignal} */ signal) => get(path, {}, signal), every: EVERY },
    ...(isAdmin()
      ? { keys: (/** @type {AbortSignal} */ signal) => get(`${path}/keys`, {}, signal) } : {}),
  };
}

function isAdmin() {
  return getRights().has("admin");
}

/** @param {State} state @param {{[name: string]: Panel}} data */
export function view({ id }, { servers, server, keys }) {
  return id ? viewServer(id, server, keys) : viewServers(servers);
}

/** @type {import("../table.js").Column[]} */
const SERVERS = [
  {
    title: "Server",
    view: (row) => html`<a href=${link("server-keys", row.id)}>${name(row.name, row.id)}</a>`,
  },
  { title: "Status", view: ({ status }) => showStatus(status) },
  { title: "Mode", view: ({ mode }) => mode },
  {
    title: "Players", kind: "number",
    view: ({ currentPlayers, maxPlayers }) => `${number(currentPlayers)} of ${number(maxPlayers)}`,
  },
  called("Map", "currentMap"),
  since("Seen", "lastHeartbeat"),
  { title: "Address", view: ({ ip, port }) => html`<code>${ip}:${port}</code>` },
  { title: "Id", view: (row) => html`<code>${row.id}</code>` },
];

/** @param {string} status */
function showStatus(status) {
  const kind = status === "online" ? "good" : status === "offline" ? "bad" : "";
  return html`<span class=${`badge ${kind}`}>${status}</span>`;
}

/** @param {Panel} servers */
function viewServers(servers) {
  return html`<h1>Servers and keys</h1>
    ${show(servers, {
      title: "Servers, the oldest first",
      empty: "No server is registered.",
      view: (rows) => table({ caption: "Servers", columns: SERVERS, rows }),
    })}
    ${isAdmin() ? showCreation(servers) : nothing}`;
}

/** @param {Panel} servers */
function showCreation(servers) {
  const create = onSubmit(async ({ port, maxPlayers, ...fields }, form) => {
    const sent = { ...fields, port: Number(port), maxPlayers: Number(maxPlayers) };
    const made = await send("POST", "api/servers", sent);
    form.reset();
    servers.start();
    showKey(made.name, made.apiKey);
  });
  return html`<section class="panel" aria-labelledby="creation">
    <header><h2 id="creation">Register a server</h2></header>
    <form class="stacked" @submit=${create}>
      <label>Name <input name="name" required maxlength="128" autocomplete="off"></label>
      <label>Address
        <input name="ip" required maxlength="64" placeholder="198.51.100.2" autocomplete="off"></label>
      <label>Port <input name="port" type="number" required min="1" max="65535" value="27015"></label>
      <label>Game mode <select name="mode">
        ${MODES.map(([mode, title]) => html`<option value=${mode}>${title}</option>`)}</select></label>
      <label>Places <input name="maxPlayers" type="number" required min="1" max="1000" value="32"></label>
      <div><button class="primary">Register, and make its key</button></div>
      <output role="alert"></output>
    </form>
  </section>`;
}

/** @param {string} server @param {string} secret */
function showKey(server, secret) {
  showSecret({
    title: html`The new key of ${name(server)}`,
    secret,
    text: html`The server's script sends it as <code>X-Server-Key</code> with its logs, and as
      <code>X-Api-Key</code> with TTT rounds.`,
  });
}

/** @param {string} id @param {Panel} server @param {Panel | undefined} keys */
function viewServer(id, server, keys) {
  return html`<h1>${name(server.value?.name, id)}</h1>
    <p class="note"><code>${id}</code> · <a href=${link("logs", "", { serverId: id })}>Its logs</a> ·
      <a href=${link("server-keys")}>All servers</a></p>
    ${show(server, { title: "Server", view: showServer })}
    ${keys
      ? show(keys, {
        title: "Keys",
        empty: "It has no key that works.",
        view: (rows) => table({ caption: "Keys", columns: toColumns(id, keys), rows }),
      })
      : html`<p class="note">Keys are made and revoked by admins.</p>`}
    ${keys && server.value ? showActions(server, keys) : nothing}`;
}

/** @param {any} server */
function showServer({ status, mode, currentPlayers, maxPlayers, currentMap, lastHeartbeat, ip, port }) {
  return html`<dl class="facts">
    <div><dt>Status</dt><dd>${showStatus(status)}</dd></div>
    <div><dt>Mode</dt><dd>${mode}</dd></div>
    <div><dt>Players</dt><dd>${number(currentPlayers)} of ${number(maxPlayers)}</dd></div>
    <div><dt>Map</dt><dd>${name(currentMap, "–")}</dd></div>
    <div><dt>Seen</dt><dd>${ago(lastHeartbeat)}</dd></div>
    <div><dt>Address</dt><dd><code>${ip}:${port}</code></dd></div>
  </dl>`;
}

/** @param {string} id @param {Panel} keys @returns {import("../table.js").Column[]} */
function toColumns(id, keys) {
  return [
    { title: "Key", view: ({ keyId }) => html`<code>${keyId}</code>` },
    at("Made", "createdAt"),
    since("Used", "lastUsedAt"),
    { title: "Ends", view: ({ expiresAt }) => (expiresAt ? time(expiresAt) : "never") },
    {
      title: "Action",
      view: ({ keyId }) => html`<button class="danger" @click=${() => revoke(id, keyId, keys)}
        aria-label=${`Revoke key ${keyId}`}>Revoke …</button>`,
    },
  ];
}

/** @param {string} id @param {string} keyId @param {Panel} keys */
function revoke(id, keyId, keys) {
  confirm({
    title: "Revoke the key",
    text: html`Whatever sends with key <code>${keyId}</code> is refused within a minute, and what
      a server sends then is lost. It cannot be undone.`,
    action: "Revoke the key",
    act: async () => {
      const path = `api/servers/${encodeURIComponent(id)}/keys/${encodeURIComponent(keyId)}`;
      await send("DELETE", path);
      keys.start();
    },
  });
}

/** @param {Panel} server @param {Panel} keys */
function showActions(server, keys) {
  const { id, name: called, status } = server.value;
  const isClosed = status === "maintenance";
  const path = `api/servers/${encodeURIComponent(id)}`;
  const rotate = () => confirm({
    title: "Make a new key",
    text: `The present key works for 24 hours more, so that the server's script can be changed.
      Older ones end now.`,
    action: "Make a new key",
    isDangerous: false,
    fields: html`<label class="check"><input type="checkbox" name="revoke" value="yes">
      The present key is known to others: end it now</label>`,
    act: async ({ revoke: isRevoked }) => {
      const made = await send("POST", `${path}/regenerate-key`, { revokePrevious: isRevoked === "yes" });
      keys.start();
      showKey(called, made.apiKey);
    },
  });
  const maintain = () => confirm({
    title: isClosed ? "End the maintenance" : "Begin maintenance",
    text: isClosed ? "Players see the server again as it is." : "Players do not see the server as online.",
    action: isClosed ? "End the maintenance" : "Begin maintenance",
    isDangerous: false,
    act: async () => {
      await send("PATCH", path, { maintenance: !isClosed });
      server.start();
    },
  });
  const remove = () => confirm({
    title: "Remove the server",
    text: html`${name(called)} and its keys are removed; what it sends is refused. Its logs stay.
      It cannot be brought back.`,
    action: "Remove the server",
    act: async () => {
      await send("DELETE", path);
      location.hash = link("server-keys");
    },
  });
  return html`<div class="buttons">
    <button class="primary" @click=${rotate}>Make a new key …</button>
    <button @click=${maintain}>${isClosed ? "End the maintenance" : "Begin maintenance"} …</button>
    <button class="danger" @click=${remove}>Remove the server …</button>
  </div>`;
}
