-- The rows of a source before this moment are told to be complete, but for what comes late. Rollups that
-- add up all of the past read as far as that, and so are not touched by what happens today.
alter table rollups.sources add column closed_until timestamptz not null default '-infinity';
-- The SELECT of such a rollup ends there.
alter table rollups.catalog add column is_closing boolean not null default false;
