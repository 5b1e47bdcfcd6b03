-- Counts one request against a limit; `remaining` is below zero for a request too many.
-- One upsert. The window is fixed: it begins at multiples of its length since 1970.
create or replace function shared.spend(
  who text,
  allowed integer,
  seconds integer,
  out remaining integer,
  out resets_at bigint
)
language plpgsql  -- keeps its plan from call to call, which a function in SQL does not
as $$
begin
  insert into shared.limits as l (who, window_start, spent)
  values (who, extract(epoch from statement_timestamp())::bigint / seconds * seconds, 1)
  on conflict on constraint limits_pkey
  do update set
    spent = case when l.window_start = excluded.window_start then l.spent + 1 else 1 end,
    window_start = excluded.window_start
  returning allowed - l.spent, l.window_start + seconds into remaining, resets_at;
end
$$;
