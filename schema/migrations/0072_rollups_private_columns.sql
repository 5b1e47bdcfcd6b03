-- What analysts may not read of a rollup, as its file says: columns that hold names of players, or tell
-- of them; null where there are none, {*} where there is nothing else.
alter table rollups.catalog add column private_columns text[];
