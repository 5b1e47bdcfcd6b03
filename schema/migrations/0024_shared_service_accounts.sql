-- Keys that act as a user: those of scope tracker, of a service account.

alter table shared.api_keys
  add column user_id bigint,
  add constraint acts_as_user check ((user_id is not null) = ('tracker' = any (scopes)));

create index api_keys_by_user on shared.api_keys (user_id) where user_id is not null;

comment on column shared.api_keys.user_id is
  'Of a key of scope tracker: its service account, the user as whom it acts at the tracker';
