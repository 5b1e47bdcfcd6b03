-- Hypertables whose rows are written, changed and removed only together with their source's, which is
-- an ordinary table: their chunks go first, and its rows after them.
alter table rollups.sources add column parts text[] not null default '{}';

insert into rollups.sources (name, time_column, parts)
values ('ttt.rounds', 'at', '{ttt.players, ttt.kills, ttt.buys}')
on conflict (name) do update
set parts = excluded.parts;
