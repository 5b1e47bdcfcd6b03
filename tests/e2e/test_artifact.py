"""What `make build` makes boots as on AWS: under AWS's own runtime client, one function after the
other, with the environment that the deployed stack gives it and nothing else of this machine.

How much each function may load while it starts stands in tests/support/budgets.py.
"""

from __future__ import annotations

import base64
import json
import platform
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from functions.live import tickets
from functions.shared import auth, db
from infra.local.cloud import REGION
from infra.local.gateway import Template
from infra.local.sam import ROOT
from tests.support import artifact, budgets, runtime_api
from tests.support.artifact import Artifact
from tests.support.battles import make_battle
from tests.support.game import make_operator, make_player, player_id
from tests.support.gateway import gateway_event
from tests.support.live import wire
from tests.support.online import beside
from tests.support.online_tracker import tracker_beside
from tests.support.runtime_api import Function, Package
from tests.support.stack import NOW, Database, event
from tests.support.tracker import bearer, open_session

FUNCTIONS = artifact.read_functions(yaml.load((ROOT / "template.yaml").read_text(), Template))
PASSWORD = "copper-kettle-9"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    cpu = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    target = f"python3.{sys.version_info.minor}-{cpu}"
    return artifact.make(target, tmp_path_factory.mktemp("artifact") / "build")


@pytest.fixture(scope="module")
def deployed(stack: Any) -> dict[str, dict[str, str]]:
    """The environment of each function, as CloudFormation resolved the template's, and its name."""
    functions = boto3.client("lambda", **stack.cloud.access)
    resources = boto3.client("cloudformation", **stack.cloud.access).describe_stack_resources(
        StackName="tiltyard"
    )["StackResources"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    deployed = {
        name: functions.get_function_configuration(FunctionName=ids[name]) for name in FUNCTIONS
    }
    return {
        name: {"AWS_LAMBDA_FUNCTION_NAME": one["FunctionName"], **one["Environment"]["Variables"]}
        for name, one in deployed.items()
    }


@pytest.fixture
def package(
    built: Artifact, deployed: dict[str, dict[str, str]], stack: Any
) -> Callable[[str], Package]:
    def describe(name: str) -> Package:
        properties = built.functions[name]
        return Package(
            name,
            properties["Handler"],
            properties["Layers"],
            built.mount_task(name),
            built.mount_opt(name),
            properties["MemorySize"],
            stack.cloud.environ | {"AWS_REGION": REGION} | deployed[name],
        )

    return describe


@pytest.fixture(autouse=True)
def _beside(database: Database, setting: Callable[..., None]) -> Iterator[None]:
    with beside(database.server.app_url, setting), tracker_beside():
        yield


def ask(function: Function, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """What is answered to a request that came through the REST API."""
    sent = {"Content-Type": "application/json", "Accept": "*/*"} | headers
    text = None if body is None else json.dumps(body).encode()
    answer = function.invoke(gateway_event(method, path, text, sent))
    assert answer["statusCode"] in (200, 201), answer
    raw = answer["body"]
    raw = base64.b64decode(raw) if answer["isBase64Encoded"] else raw.encode()
    kinds = {key.lower(): value for key, value in answer["headers"].items()}
    return json.loads(raw) if "json" in kinds["content-type"] else raw


def name() -> str:
    return f"artifact{secrets.token_hex(4)}"


# --- what each function is asked, and what it has to answer ---


def tilt(function: Function) -> None:
    user = name()
    assert ask(function, "POST", "/api/tilt/events", event(user))["success"] is True
    assert ask(function, "GET", f"/api/tilt/stats/{user}")["totalEvents"] == 1


def ttt(function: Function) -> None:
    assert "items" in ask(function, "GET", "/api/ttt/weapons")


def logs(function: Function) -> None:
    key = auth.issue(name(), ["staff"])
    players = ask(function, "GET", "/api/players", Authorization=f"Bearer {key}")
    assert isinstance(players, list)


def login(function: Function) -> None:
    who = name()
    new = {"username": who, "email": f"{who}@example.net", "password": PASSWORD}
    assert ask(function, "POST", "/v1/auth/register", new)["user"]["username"] == who
    given = {"username": who, "password": PASSWORD}
    assert ask(function, "POST", "/v1/auth/login", given)["access_token"]


def accounts(function: Function) -> None:
    keys = ask(function, "GET", "/api/admin/keys", **make_operator(name()).headers)
    assert keys


def tracker_auth(function: Function) -> None:
    session = open_session(name())
    sent = {"refresh_token": session["refresh_token"]}
    assert ask(function, "POST", "/v1/auth/refresh", sent)["access_token"]
    assert ask(function, "GET", "/.well-known/jwks.json")["keys"]


def game(function: Function) -> None:
    who = name()
    assert ask(function, "GET", "/api/player/me", **make_player(who).headers)["username"] == who


def tracker(function: Function) -> None:
    headers = bearer(open_session(name())).headers
    assert ask(function, "GET", "/v1/battles", **headers)["data"] == []  # NOW


def health(function: Function) -> None:
    key = {"Authorization": f"Bearer {auth.issue(name(), ['admin'])}"}
    assert ask(function, "GET", "/api/admin/health", **key)


def exports(function: Function) -> None:
    key = {"Authorization": f"Bearer {auth.issue(name(), ['analyst'])}"}
    url = "/api/rollups/ttt.player_months?format=parquet"
    assert ask(function, "GET", url, **key)[:4] == b"PAR1"


def site(function: Function) -> None:
    assert b"swagger" in ask(function, "GET", "/docs")
    assert ask(function, "GET", "/openapi.json")["openapi"].startswith("3.")


def drain(function: Function) -> None:
    user = name()
    message = {"kind": "tilt.events", "at": NOW, "items": [event(user)]}
    answer = function.invoke({"Records": [record(message)]})
    assert answer == {"batchItemFailures": []}
    stored = db.query("select count(*) as events from tilt.events where user_id = %s", (user,))
    assert stored[0]["events"] == 1


def migrate(function: Function) -> None:
    report = function.invoke({})
    assert report["applied"] == [], "the stack was migrated when it was deployed"
    assert report["postgres"] >= 16


def fire(function: Function) -> None:
    """A schedule fires."""
    answer = function.invoke(
        {
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "000000000000",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/tiltyard"],
            "detail": "{}",
        }
    )
    assert isinstance(answer, dict)


ASKED: dict[str, Callable[[Function], None]] = {
    "TiltFunction": tilt,
    "TttFunction": ttt,
    "LogsFunction": logs,
    "LoginFunction": login,
    "AccountsFunction": accounts,
    "TrackerAuthFunction": tracker_auth,
    "GameFunction": game,
    "TrackerFunction": tracker,
    "HealthFunction": health,
    "ExportFunction": exports,
    "SiteFunction": site,
    "SpoolFunction": drain,
    "MigrateFunction": migrate,
} | {
    name: fire
    for name, one in FUNCTIONS.items()
    if {"ScheduleV2"} == {source["Type"] for source in one.get("Events", {}).values()}
}


def record(message: Any) -> dict[str, Any]:
    """A message as Lambda takes it out of a queue."""
    return {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": json.dumps(message),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(NOW),
            "ApproximateFirstReceiveTimestamp": str(NOW),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:tiltyard",
        "awsRegion": REGION,
    }


@contextmanager
def booted(package: Package, log: Path) -> Iterator[Function]:
    """The function, held to what is asked of all: it starts in silence and within its budget,
    writes nothing but lines of JSON, and leaves its package as it was."""
    mounted = [package.task, package.opt]
    before = [artifact.list_files(folder) for folder in mounted]
    with runtime_api.boot(package, log) as function:
        assert function.warnings == ""
        assert (log / "stdout").read_text() == ""
        budgets.check_start(package, function.modules)
        yield function
    assert [artifact.list_files(folder) for folder in mounted] == before
    for line in (log / "stdout").read_text().splitlines():
        assert json.loads(line).get("event") != "failure", line


@pytest.mark.parametrize("function", sorted(FUNCTIONS.keys() - {"LiveFunction"}))
def test_a_function_boots_and_answers(
    package: Callable[[str], Package], tmp_path: Path, function: str
) -> None:
    with booted(package(function), tmp_path / "log") as started:
        ASKED[function](started)


def test_sockets_open_speak_and_close(
    package: Callable[[str], Package], stack: Any, tmp_path: Path
) -> None:
    """Its answers go to a real socket, which the stack's own function opened."""
    mira, battle = make_player(name()), make_battle()
    secret = mira.headers["Authorization"].removeprefix("Bearer ")
    ticket = tickets.issue(f"battle:{battle}", player_id(mira), 0)

    def say(event_type: str, connection: str, **more: Any) -> Any:
        routes = {"CONNECT": "$connect", "DISCONNECT": "$disconnect", "MESSAGE": "$default"}
        context = {"eventType": event_type, "routeKey": routes[event_type], "stage": "live"}
        return started.invoke({"requestContext": context | {"connectionId": connection}, **more})

    with (
        booted(package("LiveFunction"), tmp_path / "log") as started,
        wire.taps(stack.url) as sockets,
    ):
        query = {"battle": [str(battle)], "ticket": [ticket]}
        new = secrets.token_urlsafe(8)
        assert say("CONNECT", new, multiValueQueryStringParameters=query) == {"statusCode": 200}
        assert say("CONNECT", new, multiValueQueryStringParameters=query)["statusCode"] == 401
        tap = sockets.open(f"/ws/battle/{battle}?token={secret}")
        tap.wait_for("connected")
        own = db.query(
            "select connection_id from live.connections where room = %s and connection_id <> %s",
            (f"battle:{battle}", new),
        )[0]["connection_id"]
        pongs = len(tap.of("pong"))
        assert say("MESSAGE", own, body=json.dumps({"type": "ping"})) == {"statusCode": 200}
        tap.wait_for("pong", pongs + 1)
        assert say("DISCONNECT", own) == {"statusCode": 200}
        assert not db.query(
            "select connection_id from live.connections where connection_id = %s", (own,)
        )
        work = {"messageId": "1", "body": json.dumps({"work": "leave", "room": f"battle:{battle}"})}
        assert started.invoke({"Records": [work]}) == {"batchItemFailures": []}


def test_nothing_but_the_package_can_be_imported(
    package: Callable[[str], Package], tmp_path: Path
) -> None:
    """What holds for the boots above: neither this environment nor the checkout helps them."""
    tilt_package = package("TiltFunction")
    look = "from importlib.util import find_spec as f; print(*map(bool, map(f, ({}))))"
    names = ("app", "psycopg", "boto3", "pytest", "infra", "yaml", "cryptography", "schema")
    done = subprocess.run(
        [runtime_api.python(), "-s", "-c", look.format(repr(names))],
        cwd=tilt_package.task,
        env=runtime_api.environ(tilt_package, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True"] * 3 + ["False"] * 5


def test_what_cannot_be_imported_is_an_error_of_the_initialisation(
    package: Callable[[str], Package], tmp_path: Path
) -> None:
    """The stub tells one that fails from one that boots."""
    broken = replace(package("TiltFunction"), handler="functions.nothing.handler")
    with (
        pytest.raises(runtime_api.BootError, match="Unable to import module"),
        runtime_api.boot(broken, tmp_path / "log"),
    ):
        pass
