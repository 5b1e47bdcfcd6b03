-- What analysts may read: every rollup without the columns that hold players' names, as
-- `rollups.publish` says (functions/rollups_engine.sql), and no table of raw rows, which hold people's words.
grant usage on schema tilt, ttt, logs, game, tracker, live to tiltyard_analyst;

select rollups.publish(name)
from rollups.catalog
where is_current;
