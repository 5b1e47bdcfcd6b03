-- When a person played, for their week's activity, is read from the index alone: the rounds of a busy
-- person lie on as many pages.
drop index ttt.players_by_person;
create index players_by_person on ttt.players (steam_id, at desc) include (server);
