-- Counts in a window that starts with its first counted request. With an amount of 0 it only looks.
create or replace function shared.count_in_window(
  limit_key text,
  window_seconds integer,
  amount integer default 1
)
returns table (counted integer, resets_at bigint)
language plpgsql
as $$
begin
  return query
  insert into shared.rate_limits as l (key, window_start, count)
  values ($1, floor(extract(epoch from clock_timestamp()))::bigint, $3)
  on conflict on constraint rate_limits_pkey do update
  set count = case
      when l.window_start + $2 <= excluded.window_start then excluded.count
      else least(l.count::bigint + excluded.count, 2147483647)
    end,
    window_start = case
      when l.window_start + $2 <= excluded.window_start then excluded.window_start
      else l.window_start
    end
  returning l.count, l.window_start + $2;
end
$$;

-- What count_in_window has counted, without writing anything: no row where no window is open.
create or replace function shared.requests_in_window(limit_key text, window_seconds integer)
returns table (counted integer, resets_at bigint)
language sql
stable
as $$
  select l.count, l.window_start + $2
  from shared.rate_limits as l
  where l.key = $1
    and l.window_start + $2 > floor(extract(epoch from clock_timestamp()))::bigint
$$;

-- Counts a request in the statement that serves it, or only looks at what is counted (`is_free`).
-- Nulls where the table cannot be written: nobody is refused for that. The transaction does not wait
-- for the disk, so that it must not write anything else that matters.
create or replace function shared.try_count(
  limit_key text, window_seconds integer, is_free boolean, out counted integer, out resets_at bigint
)
language plpgsql
as $$
begin
  if is_free then
    select w.counted, w.resets_at into counted, resets_at
    from shared.requests_in_window(limit_key, window_seconds) as w;
    counted := coalesce(counted, 0);
    resets_at := coalesce(
      resets_at, floor(extract(epoch from clock_timestamp()))::bigint + window_seconds
    );
    return;
  end if;
  select c.counted, c.resets_at into counted, resets_at
  from shared.count_in_window(limit_key, window_seconds) as c;
  perform set_config('synchronous_commit', 'off', true);
exception
  when others then
    counted := null;
    resets_at := null;
end
$$;

-- Counts a request in windows that begin at multiples of their length: what remains of the limit (below
-- 0 for one too many), and the Unix second when the next one begins. Nulls, and no count, for no caller.
create or replace function shared.count_request(
  caller text, most integer, seconds integer, out remaining integer, out resets_at bigint
)
language plpgsql
strict
as $$
begin
  insert into shared.rate_limits as l (key, window_start, count)
  values (caller, floor(extract(epoch from statement_timestamp()))::bigint / seconds * seconds, 1)
  on conflict on constraint rate_limits_pkey do update
  set count = case when l.window_start = excluded.window_start then l.count + 1 else 1 end,
    window_start = excluded.window_start
  returning most - l.count, l.window_start + seconds into remaining, resets_at;
end
$$;
