/** What the frames of a tracker's battle make of it. */

/**
 * The battle after an event of its room.
 * @param {any} battle
 * @param {import("./live.js").Frame} frame
 * @returns {any}
 */
export function apply(battle, frame) {
  const changed = { ...battle, ...frame.battle };
  if (frame.version) changed.version = frame.version;
  if (frame.status) changed.status = frame.status;
  if (frame.current_turn) changed.current_turn = frame.current_turn;
  if (frame.current_round) changed.current_round = frame.current_round;
  if (frame.type === "battle_complete") {
    changed.winner_id = frame.winner_id;
    changed.result_type = frame.result_type;
  }
  changed.players = changed.players.map((/** @type {any} */ player) => applyTo(player, frame));
  return changed;
}

/** @param {any} player @param {import("./live.js").Frame} frame */
function applyTo(player, frame) {
  const final = frame.final_scores?.[player.user_id];
  if (final) return { ...player, scores: { ...player.scores, ...final } };
  if (frame.player_id !== player.user_id) return player;
  switch (frame.type) {
    case "score_update":
      return { ...player, scores: { ...player.scores, ...frame.scores } };
    case "stratagem_used":
    case "command_points_update": {
      const used = frame.type === "stratagem_used" ? [frame.stratagem] : [];
      return {
        ...player,
        command_points: frame.command_points ?? player.command_points,
        stratagems_used: [...player.stratagems_used, ...used],
      };
    }
    case "player_connected":
    case "player_disconnected":
      return { ...player, connected: frame.type === "player_connected" };
  }
  return player;
}

/** An event in a few words. @param {import("./live.js").Frame} frame */
export function describe(frame) {
  const words = [frame.type.replaceAll("_", " ")];
  if (frame.cause) words.push(`(${frame.cause})`);
  if (frame.changed?.length) words.push(frame.changed.join(", "));
  if (frame.stratagem) words.push(frame.stratagem);
  return words.join(" ");
}
