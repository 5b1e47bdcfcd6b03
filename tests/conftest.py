"""A real TimescaleDB for the whole session; each test in a transaction that is rolled back."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from moto import mock_aws
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from functions.accounts import signing_keys
from functions.rollups import refresh
from functions.shared import auth, aws, db, stores, tracker_tokens
from functions.shared import secrets as function_secrets
from infra.local import timescale
from schema.engine.migrate import Report, migrate
from tests.support import pgbouncer
from tests.support.client import Client
from tests.support.game import DROP_PLAYERS
from tests.support.logs.panel import make_server, make_staff
from tests.support.queues import Queues
from tests.support.rollups import connect
from tests.support.server import API_KEY, GIVEN, own_server

for _chosen in (
    "MIGRATE_URL",
    "DATABASE_URL_TTT",
    "DATABASE_URL_TILT",
    "DATABASE_URL_LOGS",
    "INGEST",
    "DATABASE_POOLER",
    "LOGS_IP_DAYS",
    "AVATAR_URL",
    "LOG_LEVEL",
    "PORT",
):
    os.environ.pop(_chosen, None)  # what a developer's shell chose for `make run`
os.environ |= {
    "SIGNING_KEY": "the signing key of the tests, long enough",
    "TOKEN_KEY": "the token key of the tests, which is long enough",
    "TRACKER_KEY": "the tracker key of the tests, which is long enough",
    "PASSWORD_PEPPER": "the pepper of the tests, which is long enough",
    "PASSWORD_ROUNDS": "4",  # of bcrypt: the fewest there are
    "API_KEY": API_KEY,
    "TILT_KEYS": "required",
    "DATABASE_URL": "postgresql://127.0.0.1:1/only-the-store-fixture-has-one",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test` runs with it; without it a change of one line need not wait for it."""
    text = "run the contracts' tests a second time, through a PgBouncer in transaction mode"
    parser.addoption("--pooler", action="store_true", help=text)
    text = "run the contracts' tests with stores of their own for ttt, tilt and logs"
    parser.addoption("--apart", action="store_true", help=text)


@pytest.fixture(scope="session")
def server() -> Iterator[timescale.Server]:
    """The server of DATABASE_URL, or a private throw-away one."""
    if GIVEN:
        yield timescale.Server(GIVEN, GIVEN, "DATABASE_URL", is_ours=False)
        return
    with own_server(durable=False) as (own, _):
        yield own


@pytest.fixture(scope="session")
def new_database(server: timescale.Server) -> Iterator[Callable[[], tuple[str, str]]]:
    """Makes an empty database; returns its URLs (for the admin, for the functions)."""
    made: list[str] = []

    def make() -> tuple[str, str]:
        name = f"tiltyard_test_{secrets.token_hex(4)}"
        with psycopg.connect(server.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        made.append(name)
        return _named(server.admin_url, name), _named(server.app_url, name)

    yield make
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        for name in made:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _named(url: str, name: str) -> str:
    return make_conninfo(**{**conninfo_to_dict(url), "dbname": name})


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[], tuple[str, str]]) -> tuple[Report, str, str]:
    """A migrated database: the report, and its URLs (for the admin, for the functions)."""
    admin_url, app_url = new_database()
    return migrate(admin_url), admin_url, app_url


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets environment variables for one test: setting(TILT_KEYS="optional")."""

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        function_secrets.clear_cache()

    yield change
    monkeypatch.undo()
    function_secrets.clear_cache()


@pytest.fixture(scope="session")
def pooled(server: timescale.Server) -> Iterator[Callable[[str], str]]:
    """A PgBouncer before the server: turns the functions' URL into one that passes it."""
    home = Path(tempfile.mkdtemp(prefix="tiltyard-pooler-"))
    home.chmod(0o755)
    try:
        with pgbouncer.running(home, server.app_url) as pooled:
            yield pooled
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def way() -> str:
    """How the functions reach their database: `direct`, through the `pooler`, or `apart`, with
    stores of their own for ttt, tilt and logs. A file's fixture of this name says it for its tests.
    """
    return "direct"


@pytest.fixture(scope="session")
def migrated_apart(new_database: Callable[[], tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """By domain, the URLs of a store beside the main one (for the admin, for the functions).

    Tilt has one alone; ttt and logs share one, which is called ttt.
    """
    alone, common = new_database(), new_database()
    for admin_url, _ in (alone, common):
        migrate(admin_url)
    return {"ttt": common, "tilt": alone, "logs": common}


@pytest.fixture
def store(
    request: pytest.FixtureRequest,
    migrated: tuple[Report, str, str],
    setting: Callable[..., None],
    way: str,
) -> Iterator[str]:
    """The functions' database, as its URL past any pooler; what the test writes is rolled back.

    What a test of a domain asks itself is asked of that domain's store.

    A test marked `commits` writes for real, and finds and leaves every table empty.
    """
    _, admin_url, app_url = migrated
    chosen, admin_urls = {"DATABASE_URL": app_url}, [admin_url]
    if way == "pooler":
        passing = request.getfixturevalue("pooled")(app_url)
        chosen = {"DATABASE_URL": passing, "DATABASE_POOLER": "true"}
    if way == "apart":
        own_stores = request.getfixturevalue("migrated_apart")
        for domain, (_, own) in own_stores.items():
            chosen[f"DATABASE_URL_{domain.upper()}"] = own
        admin_urls += sorted({own_admin for own_admin, _ in own_stores.values()})
    setting(**chosen)
    _forget()
    domain = _domain_of(request.path)
    if request.node.get_closest_marker("commits"):
        with stores.on(domain):
            yield app_url
        setting(**chosen)  # the test may have led it astray
        _forget()
        for url in admin_urls:
            _empty(url)
    else:
        with ExitStack() as block:
            for name in stores.list_stores():
                with stores.on(name):
                    block.enter_context(db.connection().transaction(force_rollback=True))
                    # Regression: a fixture waited for the end of an hour, and the server ended
                    # this.
                    db.query("set local idle_in_transaction_session_timeout = 0")
            with stores.on(domain):
                yield app_url
        _forget()


def _domain_of(path: Path) -> str:
    """Of which domain the tests of a file are, such as `tests/contract/test_logs_single.py`."""
    known = re.search(r"/(?:test_)?(ttt|tilt|logs)(?:[/_.]|$)", str(path))
    return known[1] if known else stores.MAIN


def _forget() -> None:
    db.close_all()
    auth._cache.clear()


_RAW = (
    *("tilt.events", "tilt.signals"),
    *("ttt.rounds", "ttt.players", "ttt.kills", "ttt.buys", "ttt.names", "ttt.quarantine"),
    *(
        "logs.events",
        "logs.heartbeats",
        "logs.event_hours",
        "logs.ingest_counts",
        "logs.clock_skews",
    ),
    *("logs.sightings", "logs.redaction_queue", "logs.alt_allowlist"),
    *(
        "logs.sessions",
        "logs.session_hours",
        "logs.connects",
        "logs.unmatched_ends",
        "logs.change_queue",
    ),
    "logs.liveness_slots",
    *("logs.player_totals", "logs.player_names", "logs.active_days", "logs.play_totals"),
    *("logs.person_totals", "logs.type_days", "logs.peaks", "logs.player_rounds"),
    *("logs.round_winners", "logs.map_hours", "logs.indexed_chunks"),
    *("logs.servers", "logs.notes", "logs.punishments", "logs.site_config"),
    *("accounts.users", "accounts.signing_keys", "accounts.audit"),
    *("game.battles", "game.chat_messages", "live.rooms", "live.events"),
    *("live.connections", "live.senders", "live.members", "live.tickets", "live.refs"),
    *("live.budget", "live.openings"),
    *("game.ledger", "game.rolls", "game.idempotency"),
    *("tracker.pairings", "tracker.round_players", "tracker.registrations"),
    *("tracker.tournaments", "tracker.battles", "tracker.battle_results"),
    *("tracker.armies", "tracker.idempotency", "tracker.players"),
    *("game.visits", "game.battle_results", "game.claims"),
)


def _empty(url: str) -> None:
    """Deletes rather than truncates raw rows: their rollups follow."""
    with connect(url) as admin:
        admin.execute(DROP_PLAYERS)
        for table in _RAW:
            admin.execute(sql.SQL("delete from {}").format(sql.Identifier(*table.split("."))))
        admin.execute(
            "truncate shared.api_keys, shared.rate_limits, shared.audit, shared.spool_parts,"
            " rollups.lake_files"
        )
        admin.execute("update rollups.sources set retention = null, retained_from = '-infinity'")
        assert refresh.run(admin).left == 0
        admin.execute("truncate rollups.changed_days")
        admin.execute(_DROP_CHUNKS)


# Empty chunks cost every later test: logs count theirs, elsewhere some do no harm.
_DROP_CHUNKS = """
    select drop_chunks(
      format('%I.%I', hypertable_schema, hypertable_name)::regclass,
      older_than => 'infinity'::timestamptz
    )
    from timescaledb_information.hypertables
    where hypertable_schema in ('tilt', 'ttt', 'logs', 'accounts', 'game', 'tracker')
      and num_chunks > case hypertable_name when 'events' then 0 else 8 end
"""


@pytest.fixture
def queues(setting: Callable[..., None]) -> Iterator[Queues]:
    """The functions' spool, as the template would make it."""
    setting(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    with mock_aws():
        aws.client.cache_clear()
        client = aws.client("sqs")
        urls = [client.create_queue(QueueName=name)["QueueUrl"] for name in ("spool", "letters")]
        setting(SPOOL_QUEUE_URL=urls[0], SPOOL_DEAD_LETTERS_URL=urls[1])
        yield Queues(client, *urls)
    aws.client.cache_clear()


@pytest.fixture
def away(store: str, setting: Callable[..., None]) -> Iterator[Callable[[], None]]:
    """Takes the store away, or all of them: from now on they refuse connections."""

    given = {name: os.environ[name] for name in os.environ if name.startswith("DATABASE_URL")}

    def take() -> None:
        setting(**{name: f"postgresql://127.0.0.1:1/{name.lower()}" for name in given})
        _forget()

    yield take
    setting(**given)
    _forget()


@pytest.fixture
def tracker_keys(store: str) -> Iterator[None]:
    """Keys of the tracker's tokens that are this test's store's."""
    for module in (signing_keys, tracker_tokens):
        module.clear_cache()
    yield
    for module in (signing_keys, tracker_tokens):
        module.clear_cache()


@pytest.fixture
def client(store: str) -> Client:
    """Calls the Lambda handler as API Gateway would, with a key that may do everything."""
    return Client({"X-Api-Key": API_KEY})


@pytest.fixture
def game(store: str) -> Client:
    """A server of the panel: sends logs with its key."""
    return make_server()


@pytest.fixture
def staff(game: Client) -> Client:
    """Somebody of the staff, who reads what that server sent."""
    return make_staff()
