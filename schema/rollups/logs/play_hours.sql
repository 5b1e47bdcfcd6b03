-- rollup: logs.play_hours   version: 1
-- A row is how long people played on one server in an hour: their seconds together, the sessions
-- that began, and how many there were at once.
-- source: logs.session_hours(hour)   bucket: hour, 1 hour   read by: hour
-- index: server_id, hour
-- column: server_id  Id of the game server, srv_…
-- column: seconds  Time played by all together [s]
-- column: sessions  Sessions that began in the hour [sessions]
-- column: exact  Sessions in the hour whose end is known [sessions]
-- column: inferred  Sessions in the hour whose end is inferred [sessions]
-- column: peak  Most sessions at once [sessions]
select hour, server_id, sum(seconds)::bigint as seconds,
  (count(*) filter (where is_start))::integer as sessions,
  (count(*) filter (where is_exact))::integer as exact,
  (count(*) filter (where not is_exact))::integer as inferred,
  max(together)::integer as peak
from (
  select hour, server_id, seconds, is_start, is_exact,
    sum(step) over (partition by hour, server_id order by at, step rows unbounded preceding)
      as together
  from (
    select hour, server_id, seconds, is_start, is_exact, since as at,
      (until > since)::integer as step
    from logs.session_hours
    union all
    select hour, server_id, null, null, null, until, -1
    from logs.session_hours
    where until > since
  ) as steps
) as line
group by hour, server_id
