-- How far the rollups of a source lag behind what happened.
alter table rollups.sources add column lag text;

comment on column rollups.sources.lag is
  'What its rows do not hold yet of what happened; null: nothing';
