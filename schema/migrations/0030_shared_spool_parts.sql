-- Parts of spooled items that no single queue message can carry, until all parts of an item are here.

create table shared.spool_parts (
  item text not null,  -- SHA-256 of the whole, as hexadecimal digits
  part smallint not null,  -- from 0
  body text not null,
  received_at timestamptz not null default now(),
  primary key (item, part)
);

create index spool_parts_by_time on shared.spool_parts (received_at);
