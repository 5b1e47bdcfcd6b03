/** The pages: `pages/<name>.js`, loaded when they are opened. */

/**
 * @typedef {{title: string, section?: string, needs?: string, under?: string}} Entry `section`: where
 *   it stands in the menu, if it does; `needs`: the right that opens it; `under`: the page of the menu
 *   that it belongs to
 */

export const SECTIONS = ["Community", "Play", "Staff", "Admin", "Analysis"];

/** @type {Record<string, Entry>} */
export const PAGES = {
  overview: { title: "Overview", section: "Community" },
  players: { title: "Players", section: "Community" },
  player: { title: "Player", under: "players" },
  weapons: { title: "Weapons and maps", section: "Community" },
  activity: { title: "Activity", section: "Community" },
  servers: { title: "Servers", section: "Community" },
  highscores: { title: "Highscores", section: "Community" },
  tournaments: { title: "Tournaments", section: "Play", needs: "tracker" },
  tournament: { title: "Tournament", under: "tournaments", needs: "tracker" },
  battles: { title: "My battles", section: "Play", needs: "tracker" },
  battle: { title: "Battle", under: "battles", needs: "tracker" },
  game: { title: "My game", section: "Play", needs: "game" },
  raid: { title: "Fight", under: "game", needs: "game" },
  tilt: { title: "Tilt", section: "Analysis", needs: "tilt:read" },
  rollups: { title: "Rollups", section: "Analysis", needs: "analyst" },
  "sign-in": { title: "Sign in" },

  logs: { title: "Logs", section: "Staff", needs: "staff" },
  "log-event": { title: "Log event", needs: "staff", under: "logs" },
  "player-files": { title: "Player files", section: "Staff", needs: "staff" },
  "player-file": { title: "Player file", needs: "staff", under: "player-files" },
  "shared-accounts": { title: "Shared accounts", section: "Staff", needs: "staff" },
  "server-keys": { title: "Servers and keys", section: "Staff", needs: "staff" },
  reports: { title: "Chat reports", section: "Staff", needs: "staff" },
  users: { title: "Users and roles", section: "Staff", needs: "staff" },
  user: { title: "User", needs: "staff", under: "users" },
  "api-keys": { title: "API keys", section: "Admin", needs: "admin" },
  health: { title: "Health", section: "Admin", needs: "admin" },
  economy: { title: "Economy", section: "Admin", needs: "admin" },
  password: { title: "Change your password", needs: "user" },
};

/** What is missing to open a page, in a sentence. @type {Record<string, string>} */
export const NEEDS = {
  user: "This page is for users who are signed in.",
  game: "This page is for players of the web game who are signed in.",
  tracker: "This page is for players of the tracker who are signed in.",
  staff: "This page is for staff.",
  admin: "This page is for admins.",
  "tilt:read": "This page needs an API key of scope tilt:read.",
  analyst: "This page needs an API key of scope analyst, or an admin.",
};

/**
 * The entries of a section that these rights open.
 * @param {string} section
 * @param {Set<string>} rights
 */
export function listEntries(section, rights) {
  return Object.entries(PAGES).filter(
    ([, page]) => page.section === section && (!page.needs || rights.has(page.needs)),
  );
}
