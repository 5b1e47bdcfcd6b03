-- Where players were seen, which tells duplicate accounts, and what is yet to be erased of it.

-- One account on one address on one UTC day. Matching uses the keyed hashes alone, so that erasing the
-- address changes no result.
create table logs.sightings (
  address_key bytea not null,  -- of the IPv4 address, or of the IPv6 /64
  steam_id text collate "C" not null,
  day date not null,
  net_key bytea not null,  -- of the IPv4 /24, or of the IPv6 /48
  first_at timestamptz not null,
  last_at timestamptz not null,
  events integer not null,
  address text collate "C",  -- the newest one; null once it is erased
  geo jsonb,  -- the newest one: country, city, state, and until they are erased lat and lng
  geo_at timestamptz,
  primary key (address_key, steam_id, day)
);

create index sightings_by_person on logs.sightings (steam_id, last_at desc);
create index sightings_by_time on logs.sightings (last_at);
create index sightings_to_erase on logs.sightings (last_at) where address is not null;

-- Events that hold an address or a position in plain text. Without this list, finding them would mean
-- reading every event, and of the columnstore unpacking it.
create table logs.addressed (
  id uuid primary key,
  second timestamptz not null,
  at timestamptz not null,
  server_id text collate "C" not null,
  type text collate "C" not null
);

create index addressed_by_time on logs.addressed (at);

-- What is no evidence: households, of whom every pair is allowed, and networks that many share.
create table logs.allowed (
  id uuid primary key default gen_random_uuid(),
  steam_ids text[] collate "C",
  net_key bytea,
  network text,
  reason text not null check (length(reason) between 1 and 1024),
  author text not null,
  created_at timestamptz not null default now(),
  unique nulls not distinct (steam_ids, net_key),
  check ((steam_ids is null) <> (net_key is null)),
  check ((network is null) = (net_key is null))
);

-- Old events go into the columnstore where the edition has one, kept apart by server and type: what is
-- to be erased later is then found, and unpacked, without the rest. Not so the hours that mark rollups:
-- it takes no table whose deletes are marked. The nightly job puts them there.
do $$
begin
  if current_setting('timescaledb.license') = 'timescale' then
    alter table logs.events set (
      timescaledb.enable_columnstore,
      timescaledb.segmentby = 'server_id, type',
      timescaledb.orderby = 'second desc'
    );
  end if;
end
$$;
