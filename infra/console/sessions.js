/** Sessions of a player, as their rounds show them. */

const PAUSE = 3_600_000; // milliseconds without a round that end a session

/**
 * @typedef {{timestamp: string, kills: number, deaths: number, won: boolean,
 *   karma_diff: number | null}} Round
 * @typedef {{from: string, seconds: number, rounds: number, won: number, kills: number, deaths: number,
 *   karma: number}} Session
 */

/**
 * The sessions that rounds make, the newest first.
 * @param {Round[]} rounds newest first
 * @returns {Session[]}
 */
export function toSessions(rounds) {
  /** @type {Round[][]} */
  const groups = [];
  for (const round of rounds) {
    const session = groups.at(-1);
    const later = session?.at(-1);
    const isSame = later && Date.parse(later.timestamp) - Date.parse(round.timestamp) < PAUSE;
    if (session && isSame) session.push(round);
    else groups.push([round]);
  }
  return groups.map(toSession);
}

/** @param {Round[]} rounds newest first @returns {Session} */
function toSession(rounds) {
  const from = /** @type {Round} */ (rounds.at(-1)).timestamp;
  /** @param {(round: Round) => number} pick */
  const sum = (pick) => rounds.reduce((total, round) => total + pick(round), 0);
  return {
    from,
    seconds: (Date.parse(rounds[0].timestamp) - Date.parse(from)) / 1000,
    rounds: rounds.length,
    won: sum(({ won }) => Number(won)),
    kills: sum(({ kills }) => kills),
    deaths: sum(({ deaths }) => deaths),
    karma: sum(({ karma_diff: karma }) => karma ?? 0),
  };
}
