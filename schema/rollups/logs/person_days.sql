-- rollup: logs.person_days   version: 1
-- A row is how long one person played on one UTC day on all servers together, where an hour on two
-- servers at once counts once; `sessions` began that day.
-- source: logs.session_hours(hour)   bucket: day, 1 day   read by: hour
-- index: steam_id, day
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: seconds  Time played on any server; time on two at once counts once [s]
-- column: sessions  Sessions that began that day [sessions]
select time_bucket('1 day', hour) as day, steam_id,
  sum(case
    when is_first and not is_shared then own_seconds
    when is_first then floor(extract(epoch from island_until - since))
    else 0
  end)::bigint as seconds,
  count(*) filter (where is_start) as sessions
from (
  select hour, steam_id, since, is_start, seconds as own_seconds, is_first,
    count(*) over island > 1 as is_shared, max(until) over island as island_until
  from (
    select hour, steam_id, since, until, is_start, seconds,
      until_before is null or since >= until_before as is_first,
      count(*) filter (where until_before is null or since >= until_before)
        over (partition by steam_id, hour order by since, until, session rows unbounded preceding)
        as island
    from (
      select hour, steam_id, session, since, until, is_start, seconds,
        max(until) over (partition by steam_id, hour order by since, until, session
          rows between unbounded preceding and 1 preceding) as until_before
      from logs.session_hours
    ) as edges
  ) as islands
  window island as (partition by steam_id, hour, island)
) as parts
group by day, steam_id
