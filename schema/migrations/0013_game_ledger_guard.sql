-- Balances: each change has a ledger row of its own, and a player who goes takes their gold along.

-- Refuses a balance that was changed without its row in the ledger, in the same transaction and no
-- later than at the end of the statement. The row is the player's last one of that kind in the
-- transaction, so that none vouches for two changes.
create or replace function game.check_ledger() returns trigger
language plpgsql
as $$
declare
  owner_id bigint := coalesce(new.user_id, old.user_id);
  gold_after bigint := coalesce(new.gold, 0);
  gems_after bigint := coalesce(new.gems, 0);
  gold_change bigint := gold_after - coalesce(old.gold, 0);
  gems_change bigint := gems_after - coalesce(old.gems, 0);
begin
  if gold_change <> 0 and (
      select l.amount = gold_change and l.balance_after = gold_after
      from game.ledger as l
      where l.occurred_at = now()
        and l.player_id = owner_id
        and l.kind = 'gold'
      order by l.id desc
      limit 1
    ) is not true
    or gems_change <> 0 and (
      select l.amount = gems_change and l.balance_after = gems_after
      from game.ledger as l
      where l.occurred_at = now()
        and l.player_id = owner_id
        and l.kind = 'gem'
      order by l.id desc
      limit 1
    ) is not true
  then
    raise exception 'A balance of player % changed without its row in game.ledger', owner_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end
$$;

create constraint trigger takes_ledger_row
after delete on game.players
deferrable initially immediate
for each row execute function game.check_ledger();
