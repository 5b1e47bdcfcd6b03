-- Rounds of tournaments, and what their games came to.

-- The rounds of a tournament as clients read them, the first one first. A round can be stale as long as
-- none of its games has begun.
create or replace function tracker.list_rounds(tournament_id text) returns jsonb
language sql
stable
as $$
  with games as (
    select g.round_number,
      bool_and(g.status in ('completed', 'cancelled')) as is_over,
      bool_and(g.status = 'setup') as is_untouched,
      jsonb_agg(
        jsonb_build_object(
          'battle_id', g.battle_id,
          'player1_id', g.player1_id,
          'player2_id', g.player2_id,
          'table_number', g.table_number,
          'status', g.status,
          'winner_id', g.winner_id,
          'victory_points', case
            when g.status = 'completed'
            then jsonb_build_object(
              g.player1_id, g.victory_points[1], g.player2_id, g.victory_points[2]
            )
            else '{}'
          end,
          'result_type', g.result_type,
          'warnings', g.warnings,
          'locked', g.is_locked,
          'bracket', g.bracket,
          'match_code', g.match_code
        )
        order by g.position
      ) as pairings
    from tracker.pairings as g
    where g.tournament_id = $1
    group by g.round_number
  ), free as (
    select b.round_number,
      jsonb_agg(
        jsonb_build_object('player_id', b.user_id, 'reason', b.bye_reason) order by b.user_id
      ) as byes
    from tracker.round_players as b
    where b.tournament_id = $1
      and b.bye_reason is not null
    group by b.round_number
  )
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'round_number', r.round_number,
          'status', case
            when coalesce(g.is_over, true) then 'completed'
            when g.is_untouched then 'paired'
            else 'in_progress'
          end,
          'stale', r.is_stale and coalesce(g.is_untouched, false),
          'pairings', coalesce(g.pairings, '[]'),
          'byes', coalesce(f.byes, '[]')
        )
        order by r.round_number
      ),
      '[]'
    )
  from tracker.rounds as r
  left join games as g using (round_number)
  left join free as f using (round_number)
  where r.tournament_id = $1
$$;

-- The rounds of a tournament, each with the report of its pairing.
create or replace function tracker.list_reported_rounds(tournament_id text) returns jsonb
language sql
stable
as $$
  select coalesce(
      jsonb_agg(
        l.shown || jsonb_build_object('pairing_report', r.report) order by r.round_number
      ),
      '[]'
    )
  from jsonb_array_elements(tracker.list_rounds($1)) as l (shown)
  join tracker.rounds as r
  on r.tournament_id = $1 and r.round_number = (l.shown ->> 'round_number')::integer
$$;

-- The battles of a tournament that are still to be played or being played, extra ones as well.
create or replace function tracker.list_open_battles(tournament_id text) returns text[]
language sql
stable
as $$
  select coalesce(array_agg(b.id order by b.id), '{}')
  from tracker.battles as b
  where b.tournament_id = $1
    and b.status in ('setup', 'in_progress')
$$;

-- All that decides pairings and places of a tournament, as one moment has it: its row, the players who
-- play or played, and its rounds.
drop function if exists tracker.read_event(text);
create or replace function tracker.read_tournament(tournament_id text) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', t.id,
      'status', t.status,
      'format', t.format,
      'version', t.version,
      'pairing_seed', t.pairing_seed,
      'current_round', t.current_round,
      'swiss_rounds', t.swiss_rounds,
      'rules', t.rules,
      'tables', tracker.get_tables(t),
      'champion_id', t.champion_id,
      'report', (
        select r.report
        from tracker.rounds as r
        where r.tournament_id = t.id
          and r.round_number = t.current_round
      ),
      'ended_at', extract(epoch from t.ended_at),
      'now', extract(epoch from now()),
      'players', (
        select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'user_id', r.user_id,
                'display_name', n.names ->> r.user_id,
                'seed', r.seed,
                'status', r.status,
                'club', r.club,
                'fixed_table', r.fixed_table,
                'dropped_after_round', r.dropped_after_round,
                'absences', r.absences,
                'army_id', r.army_id,
                'army', r.army
              )
              order by r.seed
            ),
            '[]'
          )
        from tracker.registrations as r
        cross join accounts.list_display_names(
          array(
            select o.user_id
            from tracker.registrations as o
            where o.tournament_id = t.id
          )
        ) as n (names)
        where r.tournament_id = t.id
          and r.status in ('confirmed', 'dropped', 'disqualified')
      ),
      'pairings', (
        select coalesce(
            jsonb_agg(
              jsonb_build_array(
                g.round_number, g.battle_id, g.player1_id, g.player2_id, g.table_number,
                g.is_locked, g.bracket, g.match_code, g.status, g.winner_id, g.result_type,
                g.victory_points
              )
              order by g.round_number, g.position
            ),
            '[]'
          )
        from tracker.pairings as g
        where g.tournament_id = t.id
      ),
      'rounds', (
        select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'number', r.round_number,
                'is_stale', r.is_stale,
                'byes', (
                  select coalesce(
                      jsonb_agg(
                        jsonb_build_object('player_id', b.user_id, 'reason', b.bye_reason)
                        order by b.user_id
                      ),
                      '[]'
                    )
                  from tracker.round_players as b
                  where b.tournament_id = t.id
                    and b.round_number = r.round_number
                    and b.bye_reason is not null
                )
              )
              order by r.round_number
            ),
            '[]'
          )
        from tracker.rounds as r
        where r.tournament_id = t.id
      )
    )
  from tracker.tournaments as t
  where t.id = $1
$$;

-- Opens a tournament for registration again, of which no round is paired any more.
create or replace function tracker.reopen_registration(tournament_id text) returns void
language sql
as $$
  update tracker.tournaments as t
  set status = 'registration',
    swiss_rounds = null,
    started_at = null
  where t.id = $1;
  select tracker.fill_seats($1)
$$;

-- Stores a round in the place of what there was of it. Its pairings have their battles.
create or replace function tracker.save_round(
  tournament_id text, number integer, pairings jsonb, byes jsonb, report jsonb
)
returns void
language plpgsql
as $$
begin
  insert into tracker.rounds as r (tournament_id, round_number, report)
  values (tournament_id, number, coalesce(report, '{}'))
  on conflict on constraint rounds_pkey do update
  set is_stale = false,
    report = coalesce(save_round.report, r.report),
    paired_at = clock_timestamp();
  delete from tracker.round_players as o
  where o.tournament_id = save_round.tournament_id
    and o.round_number = number;
  delete from tracker.pairings as p
  where p.tournament_id = save_round.tournament_id
    and p.round_number = number;
  insert into tracker.pairings (
    battle_id, tournament_id, round_number, position, player1_id, player2_id, table_number,
    is_locked, bracket, match_code, status, winner_id, result_type, victory_points, warnings
  )
  select n.pairing ->> 'battle_id', save_round.tournament_id, number, n.place,
    n.pairing ->> 'player1_id', n.pairing ->> 'player2_id',
    (n.pairing ->> 'table_number')::integer, (n.pairing ->> 'is_locked')::boolean,
    n.pairing ->> 'bracket', n.pairing ->> 'match_code', o.status, o.winner_id, o.result_type,
    o.victory_points, o.warnings
  from jsonb_array_elements(pairings) with ordinality as n (pairing, place)
  cross join lateral tracker.read_outcome(
    n.pairing ->> 'battle_id', n.pairing ->> 'player1_id', n.pairing ->> 'player2_id'
  ) as o;
  insert into tracker.round_players (
    tournament_id, round_number, user_id, battle_id, bye_reason
  )
  select save_round.tournament_id, number, p.user_id, n.pairing ->> 'battle_id', null
  from jsonb_array_elements(pairings) as n (pairing)
  cross join lateral unnest(
    array[n.pairing ->> 'player1_id', n.pairing ->> 'player2_id']
  ) as p (user_id)
  union all
  select save_round.tournament_id, number, n.bye ->> 'player_id', null, n.bye ->> 'reason'
  from jsonb_array_elements(byes) as n (bye);
end
$$;

-- Takes back the rounds after a number, whose battles are cancelled.
create or replace function tracker.delete_rounds(tournament_id text, last integer) returns void
language sql
as $$
  delete from tracker.round_players as o
  where o.tournament_id = $1
    and o.round_number > $2;
  delete from tracker.rounds as r
  where r.tournament_id = $1
    and r.round_number > $2;
  update tracker.tournaments as t
  set current_round = least(t.current_round, $2)
  where t.id = $1
$$;

-- What a battle says of its state and its result, with the totals of these players in this order.
create or replace function tracker.read_outcome(
  battle_id text, player1_id text, player2_id text
)
returns table (
  status text, winner_id text, result_type text, victory_points integer[], warnings text[]
)
language sql
stable
as $$
  select b.status, b.state ->> 'winner_id', b.state ->> 'result_type',
    case
      when b.status = 'completed'
      then array[
        (b.state #>> array['players', $2, 'scores', 'victory_points'])::integer,
        (b.state #>> array['players', $3, 'scores', 'victory_points'])::integer
      ]
    end,
    case
      when b.status = 'completed'
      then array(select jsonb_array_elements_text(b.state -> 'warnings'))
      else '{}'
    end
  from tracker.battles as b
  where b.id = $1
$$;
