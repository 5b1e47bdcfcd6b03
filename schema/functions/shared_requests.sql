-- Counts a request against a limit in windows of some seconds: what remains of the limit (below 0 for
-- one too many), and the Unix second when the next window begins. Nulls, and no count, for no caller.
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
