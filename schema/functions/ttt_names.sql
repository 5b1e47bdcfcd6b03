-- Records that a person was called something at a moment; true for the first name ever. The history is
-- the same in whatever order names arrive, as far as the moments between first and last sight of a
-- name are known.
create or replace function ttt.record_name(person text, new_name text, seen_at timestamptz) returns boolean
language plpgsql
as $$
declare
  here ttt.names;
  later ttt.names;
begin
  perform pg_advisory_xact_lock(hashtextextended(person, 20260302));
  -- A queued name came in some millisecond, maybe with others: in the order they come, each once.
  if exists (
    select
    from ttt.names
    where steam_id = person
      and display_name = new_name
      and valid_from >= seen_at
      and valid_from < seen_at + interval '1 millisecond'
  ) then
    return false;
  end if;
  while exists (select from ttt.names where steam_id = person and valid_from = seen_at) loop
    seen_at := seen_at + interval '1 microsecond';
  end loop;
  select * into here
  from ttt.names
  where steam_id = person and valid_from <= seen_at
  order by valid_from desc
  limit 1;
  if here.display_name = new_name then
    update ttt.names
    set last_seen = greatest(last_seen, seen_at)
    where steam_id = person and valid_from = here.valid_from;
    return false;
  end if;
  select * into later
  from ttt.names
  where steam_id = person and valid_from > seen_at
  order by valid_from
  limit 1;
  -- Ends the interval that the seen_at falls into; what was seen of it later goes on after this name.
  update ttt.names
  set valid_to = seen_at, last_seen = case when last_seen > seen_at then valid_from else last_seen end
  where steam_id = person and valid_from = here.valid_from;
  if here.last_seen > seen_at then
    insert into ttt.names (steam_id, valid_from, valid_to, display_name, last_seen)
    values (person, seen_at, here.last_seen, new_name, seen_at),
      (person, here.last_seen, here.valid_to, here.display_name, here.last_seen);
  elsif later.display_name = new_name then
    update ttt.names
    set valid_from = seen_at
    where steam_id = person and valid_from = later.valid_from;
  else
    insert into ttt.names (steam_id, valid_from, valid_to, display_name, last_seen)
    values (person, seen_at, later.valid_from, new_name, seen_at);
  end if;
  return here.steam_id is null and later.steam_id is null;
end
$$;

-- What the people of a round, a JSON array of players, were called at its time: the name then, before
-- the first name the first, null for people without one.
create or replace function ttt.names_at(players text, seen_at timestamptz) returns jsonb
language sql
stable
as $$
  select coalesce(jsonb_object_agg(p.steam_id, (
    select n.display_name
    from ttt.names n
    where n.steam_id = p.steam_id
    order by n.valid_from <= seen_at desc,
      case when n.valid_from <= seen_at then n.valid_from end desc, n.valid_from
    limit 1
  )), '{}')
  from json_to_recordset(players::json) as p (steam_id text)
$$;
