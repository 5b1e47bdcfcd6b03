-- Stamina is stored as of an anchor, and brought up to a moment whenever it is read or spent.

-- Stamina after the whole ticks between the anchor and a moment, of one maximum.
create or replace function game.regenerate(
  state game.stamina, at timestamptz, regen_permille integer, regen_seconds integer
)
returns game.stamina
language plpgsql
immutable
as $$
declare
  ticks bigint := greatest(div(extract(epoch from at - state.anchor), regen_seconds), 0);
  thousandths numeric;
begin
  if ticks > 0 then
    thousandths := ticks::numeric * state.maximum * regen_permille + state.rest;
    state.points := least(state.maximum, state.points + div(thousandths, 1000));
    state.rest := case when state.points = state.maximum then 0 else mod(thousandths, 1000) end;
    state.anchor := state.anchor + make_interval(secs => ticks * regen_seconds);
  end if;
  return state;
end
$$;

-- Stamina at a moment, under the last boost that there was; `maximum` of the state is the own one.
--
-- Up to the end of a boost the boosted maximum counts, after it stamina is cut to the own one. So a
-- boost that is long over changes nothing. An anchor in the future, because the clock was set back,
-- is moved to the moment.
create or replace function game.stamina_at(
  state game.stamina,
  boost integer,
  boost_ends_at timestamptz,
  at timestamptz,
  regen_permille integer,
  regen_seconds integer
)
returns game.stamina
language plpgsql
immutable
as $$
declare
  own_maximum integer := state.maximum;
begin
  if boost is not null then
    state.maximum := greatest(own_maximum, boost);
    state := game.regenerate(state, least(at, boost_ends_at), regen_permille, regen_seconds);
    if at >= boost_ends_at then
      state.maximum := own_maximum;
      if state.points >= own_maximum then
        state.points := own_maximum;
        state.rest := 0;
      end if;
    end if;
  end if;
  state := game.regenerate(state, at, regen_permille, regen_seconds);
  state.anchor := least(state.anchor, at);
  return state;
end
$$;

-- A player's stamina at a moment.
create or replace function game.get_stamina(player game.players, call game.call, at timestamptz)
returns game.stamina
language plpgsql
stable
as $$
declare
  boost game.buffs;
begin
  select b.* into boost
  from game.buffs as b
  where b.player_id = player.user_id
    and b.buff_type = 'stamina_boost';
  return game.stamina_at(
    row(
      player.stamina, player.stamina_rest, player.stamina_anchor, player.stamina_max
    )::game.stamina,
    boost.effect_value, boost.expires_at, at, call.regen_permille, call.regen_seconds
  );
end
$$;
