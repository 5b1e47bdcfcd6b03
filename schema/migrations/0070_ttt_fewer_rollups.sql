-- The months of pairs were nearly as many rows as their days (870,000 of 1,240,000 in a million kills), those
-- of killers and victims too, and those of one person are found by an index of days just as well: each
-- cost its bytes and its refresh and saved readers little. What adds up the past reads days from now on; it
-- is dropped with them, because it could not be refreshed without them, and is filled anew.
do $$
declare
  r rollups.catalog;
begin
  for r in
    select *
    from rollups.catalog
    where name in (
      'ttt.pair_months', 'ttt.nemesis_months', 'ttt.player_weapon_months', 'ttt.player_role_months',
      'ttt.pair_past', 'ttt.nemesis_past', 'ttt.player_weapon_past', 'ttt.player_role_past'
    )
  loop
    execute format('drop view if exists %s', r.name);
    execute format('drop table %s', r.material);
    delete from rollups.dirty where rollup = r.id;
    delete from rollups.catalog where id = r.id;
  end loop;
end
$$;

-- A last thing to group by, always the same, which can be hashed but not sorted: it lets PostgreSQL group by
-- hashing. Left to choose it sorts, for whoever reads today's rounds: it counts the rows of all chunks,
-- though all but one are excluded when the day is known, and finds no difference between the two.
create function rollups.by_hash() returns xid
language sql
immutable
as $$
  select nullif(xid '0', xid '0')
$$;
