-- What operators look at to see that all is well: when jobs ran, and since when buckets wait.

create table shared.job_runs (
  name text primary key,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  succeeded_at timestamptz,
  error text
);

comment on table shared.job_runs is 'A scheduled job, and how its last run ended.';
comment on column shared.job_runs.name is 'By which its report is logged, such as rollups.refresh';
comment on column shared.job_runs.started_at is 'When its last run began';
comment on column shared.job_runs.ended_at is 'When its last run ended, well or not';
comment on column shared.job_runs.succeeded_at is 'When a run last ended well; null: never yet';
comment on column shared.job_runs.error is
  'The kind of error that ended the last run; null: it ended well';

alter table rollups.dirty_buckets add column marked_at timestamptz not null default now();

comment on column rollups.dirty_buckets.marked_at is
  'When the transaction began that marked it first in its generation';
