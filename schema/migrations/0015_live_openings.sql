-- What operators see of sockets: how many were opened, and how many posts a second there are.

create table live.openings (
  opened_at timestamptz not null default clock_timestamp(),
  kind text not null
);

select create_hypertable('live.openings', by_range('opened_at', interval '7 days'));

comment on table live.openings is 'A socket that was opened, by nobody in particular.';
comment on column live.openings.opened_at is 'When';
comment on column live.openings.kind is 'To which kind of room, such as battle';

alter table live.budget
  add column minute_at timestamptz not null default '-infinity',
  add column posts_in_minute bigint not null default 0,
  add column posts_before bigint not null default 0;

comment on column live.budget.minute_at is 'The start of the minute in which posts were last granted';
comment on column live.budget.posts_in_minute is 'Posts granted in that minute';
comment on column live.budget.posts_before is 'Posts granted in the minute before it';
