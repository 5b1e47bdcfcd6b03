/**
 * Who is signed in, for as long as the tab is open. Three doors give tokens: the web game, the panel of
 * the staff and the tracker; keys of `tilt:read` and `analyst` are typed in.
 */

import { ApiError } from "./errors.js";

/** @typedef {"game" | "panel" | "tracker"} Door */
/** @typedef {"tilt" | "analyst"} KeyKind */
/**
 * @typedef {{token: string, name: string, role: string, refresh?: string, userId?: string}} Login
 * @typedef {{logins: Partial<Record<Door, Login>>, keys: Partial<Record<KeyKind, string>>}} Session
 */

const STORED = "tiltyard";
/** @type {Record<string, string>} the panel's words and everybody else's */
const ROLES = { ADMIN: "staff", SUPERADMIN: "admin" };
const JSON_BODY = { "Content-Type": "application/json" };
const OF_THE_GAME = /^api\/(player|inventory|pets|shop|battles|chat|pvp)(\/|$)/;

/** @type {Session} */
let session = read();
/** @type {Promise<boolean> | null} */
let refreshing = null;
/** @type {(() => void)[]} */
const listeners = [];

/** @returns {Session} */
function read() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
    return { logins: stored?.logins ?? {}, keys: stored?.keys ?? {} };
  } catch {
    return { logins: {}, keys: {} };
  }
}

/** @param {boolean} [isQuiet] whether the visitor stays the same one */
function write(isQuiet = false) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(session));
  } catch {
    // Without storage it lasts until the page is left.
  }
  if (!isQuiet) for (const listener of listeners) listener();
}

/** Calls when somebody signs in or out. @param {() => void} listener */
export function onChange(listener) {
  listeners.push(listener);
}

/** The login at a door. @param {Door} door */
export function getLogin(door) {
  return session.logins[door];
}

/** The name of who is signed in, or "". */
export function getName() {
  const { panel, tracker, game } = session.logins;
  return (panel ?? tracker ?? game)?.name ?? "";
}

/** What the visitor may open: doors, roles of the panel and scopes of keys. */
export function getRights() {
  const { panel, tracker, game } = session.logins;
  const rights = new Set(/** @type {string[]} */ ([]));
  if (panel || tracker || game) rights.add("user");
  if (game) rights.add("game");
  if (tracker) rights.add("tracker");
  if (panel?.role) rights.add("staff");
  if (panel?.role === "admin") rights.add("admin").add("analyst");
  if (session.keys.tilt) rights.add("tilt:read");
  if (session.keys.analyst) rights.add("analyst");
  return rights;
}

/**
 * The headers that a request to this path is sent with.
 * @param {string} path relative, as `api/logs`
 * @returns {Record<string, string>}
 */
export function getCredential(path) {
  const { logins, keys } = session;
  if (path.startsWith("api/tilt/")) return keys.tilt ? { "X-Api-Key": keys.tilt } : {};
  if (path.startsWith("api/rollups") && keys.analyst) return { "X-Api-Key": keys.analyst };
  const token = logins[getDoor(path)]?.token;
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** @param {string} path @returns {Door} */
function getDoor(path) {
  if (path.startsWith("v1/")) return "tracker";
  if (OF_THE_GAME.test(path)) return "game";
  return session.logins.panel ? "panel" : "game";
}

/**
 * Keeps an API key, or forgets it when it is empty.
 * @param {KeyKind} kind @param {string} key
 */
export function setKey(kind, key) {
  if (key) session.keys[kind] = key;
  else delete session.keys[kind];
  write();
}

/** Forgets everything. */
export function signOut() {
  session = { logins: {}, keys: {} };
  write();
}

/**
 * Tries every door with one name and password. They know the same accounts: who is refused at the first
 * one is not tried, and counted, at the others.
 * @param {string} name a name or an e-mail
 * @param {string} password
 * @returns {Promise<boolean>} whether another password must be chosen before anything else
 */
export async function signIn(name, password) {
  const { token, user } = await post("api/auth/login", { emailOrUser: name, password });
  /** @type {Login} */
  const panel = { token, name: user.username, role: ROLES[user.role] ?? "", userId: user.id };
  const others = [openTracker(name, password), openGame(user.email, password)];
  const opened = await Promise.allSettled(others);
  const logins = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  session = { logins: { panel, ...Object.fromEntries(logins) }, keys: session.keys };
  write();
  return user.mustChangePassword;
}

/** @param {string} name @param {string} password @returns {Promise<[Door, Login]>} */
async function openTracker(name, password) {
  return ["tracker", toLogin(await post("v1/auth/login", { username: name, password }))];
}

/** @param {string} email @param {string} password @returns {Promise<[Door, Login]>} */
async function openGame(email, password) {
  const { access_token } = await post("api/auth/login", { email, password });
  return ["game", { token: access_token, name: email, role: "player" }];
}

/** @param {any} answer @returns {Login} */
function toLogin({ access_token, refresh_token, user }) {
  const { display_name, username, role, id } = user;
  return {
    token: access_token, refresh: refresh_token, name: display_name || username, role, userId: id,
  };
}

/**
 * Renews what a path was refused with; a token that cannot be renewed is forgotten.
 * @param {string} path
 * @param {Record<string, string>} credential as it was sent
 * @returns {Promise<boolean>} whether it is worth another try
 */
export function renew(path, credential) {
  const door = getDoor(path);
  const login = session.logins[door];
  if (!login || !credential.Authorization) return Promise.resolve(false);
  const isOld = credential.Authorization !== `Bearer ${login.token}`;
  if (isOld) return Promise.resolve(true); // another answer has had it renewed
  if (door !== "tracker" || !login.refresh) {
    delete session.logins[door];
    write();
    return Promise.resolve(false);
  }
  return (refreshing ??= refresh(login).finally(() => (refreshing = null)));
}

/** @param {Login} login */
async function refresh(login) {
  try {
    session.logins.tracker = toLogin(await post("v1/auth/refresh", { refresh_token: login.refresh }));
    write(true);
    return true;
  } catch (error) {
    if (!(/** @type {ApiError} */ (error).status)) return false; // no answer says nothing
    delete session.logins.tracker;
    write();
    return false;
  }
}

/** @param {string} path @param {object} body @returns {Promise<any>} */
async function post(path, body) {
  const options = { method: "POST", body: JSON.stringify(body), headers: JSON_BODY };
  const answer = await fetch(new URL(path, document.baseURI), options).catch(ApiError.fromFailure);
  if (!answer.ok) throw await ApiError.fromAnswer(answer);
  return answer.json();
}
