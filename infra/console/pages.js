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
  "sign-in": { title: "Sign in" },
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
