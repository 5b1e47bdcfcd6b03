-- What tournaments say to armies and battles. Armies and battles ask nothing else of them.

-- Whether a user may do at a tournament what its organiser does.
create or replace function tracker.is_organizer(tournament_id text, user_id text) returns boolean
language plpgsql
stable
as $$
begin
  return exists (
    select
    from tracker.tournaments as t
    where t.id = $1
      and tracker.owns(t, $2)
  );
end
$$;

-- Whether a user organises a tournament with which an army is registered.
create or replace function tracker.organizes_army(army_id text, user_id text) returns boolean
language sql
stable
as $$
  select exists (
    select
    from tracker.registrations as r
    join tracker.tournaments as t on t.id = r.tournament_id
    where r.army_id = $1
      and r.status <> 'withdrawn'
      and tracker.owns(t, $2)
  )
$$;

-- The tournaments, still to be played or being played, with which an army is registered.
create or replace function tracker.list_tournaments_of_army(army_id text) returns text[]
language sql
stable
as $$
  select coalesce(array_agg(t.id order by t.id), '{}')
  from tracker.registrations as r
  join tracker.tournaments as t on t.id = r.tournament_id
  where r.army_id = $1
    and r.status <> 'withdrawn'
    and t.status in ('registration', 'active')
$$;

-- Whether a later round of a tournament was paired by the result of a battle.
create or replace function tracker.is_result_needed(battle_id text) returns boolean
language plpgsql
stable
as $$
begin
  return exists (
    select
    from tracker.pairings as p
    join tracker.tournaments as t on t.id = p.tournament_id
    where p.battle_id = $1
      and (t.current_round > p.round_number or t.status <> 'active')
  );
end
$$;

-- Locks the tournament of a pairing's battle that is about to have another status. Whoever changes a
-- tournament and its battles locks them in this order too, so that nobody waits in a circle.
create or replace function tracker.lock_tournament(battle_id text, status text) returns void
language plpgsql  -- which plans it once: SQL that cannot be inlined is planned at every call
as $$
begin
  perform
  from tracker.tournaments as t
  where t.id = (
      select p.tournament_id
      from tracker.pairings as p
      where p.battle_id = $1
        and p.status <> $2
    )
  for no key update;
end
$$;

-- What a tournament makes of a change of one of its battles, in the transaction that stores it: the
-- pairing says how the battle stands, and where that is news the tournament has another version.
create or replace function tracker.report_result(battle_id text) returns void
language plpgsql
as $$
declare
  changed_id text;
begin
  update tracker.pairings as p
  set status = o.status,
    winner_id = o.winner_id,
    result_type = o.result_type,
    victory_points = o.victory_points,
    warnings = o.warnings
  from tracker.pairings as known
  cross join lateral tracker.read_outcome(
    known.battle_id, known.player1_id, known.player2_id
  ) as o
  where known.battle_id = report_result.battle_id
    and p.battle_id = known.battle_id
    and (p.status, p.winner_id, p.result_type, p.victory_points, p.warnings)
      is distinct from (o.status, o.winner_id, o.result_type, o.victory_points, o.warnings)
  returning p.tournament_id into changed_id;
  if found then
    perform tracker.touch_tournament(changed_id);
  end if;
end
$$;

-- What a battle that names a tournament is to it, and by what rules it is played there: null for no such
-- tournament; `status` of the tournament, `battle_id` of a pairing of the current round of exactly these
-- players, `score_caps`, and `needs_winner` where nobody may draw.
create or replace function tracker.find_tournament(tournament_id text, user_ids text[])
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'status', t.status,
      'battle_id', (
        select p.battle_id
        from tracker.pairings as p
        where p.tournament_id = t.id
          and p.round_number = t.current_round
          and array[p.player1_id, p.player2_id] @> $2
          and cardinality($2) = 2
          and $2[1] <> $2[2]
      ),
      'score_caps', t.rules -> 'score_caps',
      'needs_winner', t.format <> 'swiss'
    )
  from tracker.tournaments as t
  where t.id = $1
    and t.status <> 'draft'
$$;
