-- The last runs of scheduled jobs, by name.
create or replace function shared.describe_jobs() returns jsonb
language sql
stable
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'name', name, 'started_at', shared.iso_time(started_at),
        'ended_at', shared.iso_time(ended_at), 'succeeded_at', shared.iso_time(succeeded_at),
        'error', error
      )
      order by name
    ),
    '[]'
  )
  from shared.job_runs
$$;

-- All parts in one round trip. One that fails is null, for the rest is needed most then; `errors` has
-- its SQLSTATE.
create or replace function shared.describe_health(fanout_rate integer)
returns table (rollups jsonb, jobs jsonb, quarantine jsonb, live jsonb, errors jsonb)
language plpgsql
as $$
begin
  errors := '{}';
  begin
    rollups := rollups.describe_lag();
  exception when others then
    errors := errors || jsonb_build_object('rollups', sqlstate);
  end;
  begin
    jobs := shared.describe_jobs();
  exception when others then
    errors := errors || jsonb_build_object('jobs', sqlstate);
  end;
  begin
    quarantine := ttt.describe_quarantine();
  exception when others then
    errors := errors || jsonb_build_object('quarantine', sqlstate);
  end;
  begin
    live := live.describe_sockets(fanout_rate);
  exception when others then
    errors := errors || jsonb_build_object('live', sqlstate);
  end;
  return next;
end
$$;
