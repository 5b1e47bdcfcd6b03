"""The template: what a new domain must not forget, and what the gateway's words must hold."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any

import pytest
import yaml

from functions.domains import DOMAINS
from functions.shared.secrets import Secrets
from functions.spool import messages
from infra.local.gateway import Template
from infra.local.sam import ROOT

# Of these one method alone hashes a password.
SHARED_PATHS = {"/api/player/me", "/v1/auth/profile"}
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


@pytest.fixture(scope="module")
def functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions with an HTTP door, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and "Handler" not in resource["Properties"]
    }


@pytest.fixture(scope="module")
def scheduled(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions that a schedule starts, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if "Schedule" in resource["Properties"].get("Events", {})
    }


@pytest.fixture(scope="module")
def paths(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    body: dict[str, dict[str, Any]] = resources["Api"]["Properties"]["DefinitionBody"]["paths"]
    return body


def target(operation: dict[str, Any]) -> str:
    """The logical id of the function that an operation calls."""
    uri = operation["x-amazon-apigateway-integration"]["uri"]
    found = re.search(r"\$\{(\w+)\.Arn\}/invocations$", uri)
    assert found
    return found[1]


def test_every_domain_has_a_function(functions: dict[str, dict[str, Any]]) -> None:
    served = [
        name
        for properties in functions.values()
        for name in properties["Environment"]["Variables"]["DOMAINS"].split(",")
    ]
    assert set(served) == {domain.name for domain in DOMAINS if domain.routes}
    # Accounts is three functions: logins, operators and sessions do not wait for each other.
    assert sorted(name for name in served if name != "accounts") == sorted({*served} - {"accounts"})


def test_every_path_takes_every_method_and_calls_one_function(
    paths: dict[str, dict[str, Any]], functions: dict[str, dict[str, Any]]
) -> None:
    for path, operations in paths.items():
        assert operations.keys() == METHODS, path
        called = {target(operation) for operation in operations.values()}
        assert len(called) == 1 or path in SHARED_PATHS, path
    assert {target(operations["get"]) for operations in paths.values()} == functions.keys()


def test_every_prefix_has_its_root(paths: dict[str, dict[str, Any]]) -> None:
    for path in paths:
        if path.endswith("/{proxy+}"):
            root = path.removesuffix("/{proxy+}") or "/"
            assert paths[root] == paths[path]


def test_the_gateway_may_call_every_function(
    resources: dict[str, Any], functions: dict[str, dict[str, Any]]
) -> None:
    [policy] = resources["GatewayRole"]["Properties"]["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    doors = [*functions, "LiveFunction"]
    assert statement["Resource"] == [f"{name}.Arn" for name in doors]


def test_no_policy_allows_everything(resources: dict[str, Any]) -> None:
    roles = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]
    for role in roles:
        for policy in resources[role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in str(statement["Action"])
                resource = str(statement["Resource"])
                # The sockets of one API, the one function that invokes itself, files of one bucket.
                for known in ("}/live/*", "-LiveFunction-*", "Bucket.Arn}/*"):
                    resource = resource.replace(known, "")
                assert "*" not in resource


STORE = ["DatabaseSecret"]
ACCOUNTS = [
    "DatabaseSecret",
    ["WithAccountsSecret", "AccountsSecret", "DatabaseSecret"],
]
MIGRATION = ["WithMigrateSecret", "MigrateSecret", "DatabaseSecret"]
# Which role may read which secret: what takes events can make no token of a user, and nothing but
# the migration can change the schema.
READS: dict[str, list[Any]] = {
    "FunctionRole": [],
    "MigrateRole": MIGRATION,
    "LoginRole": ACCOUNTS,
    "AccountsRole": ACCOUNTS,
    "LiveRole": ACCOUNTS,
    **dict.fromkeys(
        ("IngestRole", "SpoolRole", "HealthRole", "RollupsRole", "ExportRole", "LakeRole"), STORE
    ),
}
ARNS = {
    str(STORE): "DatabaseSecret",
    str(ACCOUNTS): [
        "WithAccountsSecret",
        "${DatabaseSecret},${AccountsSecret}",
        "DatabaseSecret",
    ],
    str(MIGRATION): MIGRATION,
}


def test_a_role_may_read_these_secrets_and_no_more(resources: dict[str, Any]) -> None:
    for name, role in resources.items():
        if role["Type"] != "AWS::IAM::Role":
            continue
        read = [
            statement
            for policy in role["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if "secretsmanager" in str(statement["Action"])
        ]
        assert all(one["Action"] == "secretsmanager:GetSecretValue" for one in read)
        assert [one for s in read for one in several(s["Resource"])] == READS.get(name, []), name


def test_a_function_is_told_of_the_secrets_that_its_role_may_read(
    resources: dict[str, Any],
) -> None:
    for name, one in resources.items():
        if one["Type"] == "AWS::Serverless::Function":
            reads = READS[one["Properties"]["Role"].removesuffix(".Arn")]
            told = one["Properties"]["Environment"]["Variables"].get("SECRET_ARN")
            assert told == ARNS.get(str(reads)), name


def test_who_reads_secrets_may_have_them_decrypted_by_secrets_manager_alone(
    resources: dict[str, Any],
) -> None:
    policy = resources["SecretsKeyPolicy"]
    assert policy["Condition"] == "WithSecretsKey"
    assert {*policy["Properties"]["Roles"]} == {role for role, reads in READS.items() if reads}
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("kms:Decrypt", "SecretsKey")
    assert "secretsmanager.${AWS::Region}" in str(statement["Condition"])


def test_no_secret_is_in_the_environment_of_a_function(resources: dict[str, Any]) -> None:
    """Whoever may read a function's configuration would read it."""
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    given = [
        template["Globals"]["Function"]["Environment"]["Variables"],
        *(
            one["Properties"]["Environment"]["Variables"]
            for one in resources.values()
            if one["Type"] == "AWS::Serverless::Function"
        ),
    ]
    secret = {str(field.alias) for field in Secrets.model_fields.values()}
    secret |= {"SIGNING_KEY", "MIGRATE_URL"}
    for variables in given:
        assert "resolve:" not in str(variables)
        assert not secret & variables.keys()


def test_the_site_has_no_settings(functions: dict[str, dict[str, Any]]) -> None:
    assert functions["SiteFunction"]["Environment"]["Variables"] == {"DOMAINS": "site"}


def test_logins_have_a_whole_cpu(functions: dict[str, dict[str, Any]]) -> None:
    login = functions["LoginFunction"]
    assert login["MemorySize"] == 1769
    assert login["ReservedConcurrentExecutions"][:2] == [
        "WithLoginConcurrency",
        "LoginConcurrency",
    ]


def test_what_hashes_passwords_is_served_by_logins(paths: dict[str, dict[str, Any]]) -> None:
    hashing = {
        "post": [
            *("/api/auth/login", "/api/auth/register", "/api/auth/change-password"),
            *("/api/auth/password/reset", "/v1/auth/login", "/v1/auth/register", "/api/users"),
        ],
        "patch": ["/api/users/{proxy+}"],
        "delete": ["/api/player/me", "/v1/auth/profile"],
    }
    for method, urls in hashing.items():
        for url in urls:
            assert target(paths[url][method]) == "LoginFunction", url
    assert target(paths["/api/player/me"]["get"]) == "GameFunction"
    assert target(paths["/api/player/me/export"]["get"]) == "AccountsFunction"
    for url in ("/v1/{proxy+}", "/v1/auth/profile", "/.well-known/jwks.json"):
        assert target(paths[url]["get"]) == "TrackerAuthFunction"


def test_only_what_needs_rs256_carries_it(resources: dict[str, Any]) -> None:
    carries = [
        name for name, one in resources.items() if "Rs256" in str(one["Properties"].get("Layers"))
    ]
    assert carries == [
        *("LoginFunction", "TrackerAuthFunction", "TrackerFunction"),
        "LiveFunction",  # who opens a socket to a battle of the tracker shows such a token
    ]


def test_only_what_pairs_tournaments_carries_what_pairs_them(resources: dict[str, Any]) -> None:
    """Regression: the layer was built and no function carried it: each pairing was a 500."""
    layers = {name: str(one["Properties"].get("Layers")) for name, one in resources.items()}
    assert [name for name, used in layers.items() if "Matching" in used] == ["TrackerFunction"]
    assert resources["TrackerFunction"]["Properties"]["MemorySize"] == 1769, "a whole CPU"


def test_only_what_writes_parquet_carries_what_writes_it(resources: dict[str, Any]) -> None:
    layers = {name: str(one["Properties"].get("Layers")) for name, one in resources.items()}
    writers = [name for name, used in layers.items() if "'Exports'" in used]
    assert writers == ["ExportFunction", "LakeFunction"]


def test_exported_files_are_private_encrypted_and_gone_after_a_day(
    resources: dict[str, Any],
) -> None:
    bucket = resources["ExportsBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    [statement] = resources["ExportsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_lake_is_private_encrypted_and_stays(resources: dict[str, Any]) -> None:
    lake = resources["LakeBucket"]
    assert (lake["DeletionPolicy"], lake["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert all(lake["Properties"]["PublicAccessBlockConfiguration"].values())
    assert len(lake["Properties"]["PublicAccessBlockConfiguration"]) == 4
    assert "SSEAlgorithm" in str(lake["Properties"]["BucketEncryption"])
    assert "VersioningConfiguration" not in lake["Properties"], "what was erased must be gone"
    [statement] = resources["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_mail_is_sent_by_one_function_and_only_from_its_address(resources: dict[str, Any]) -> None:
    policy = resources["MailPolicy"]
    assert policy["Condition"] == "WithMail"
    assert policy["Properties"]["Roles"] == ["AccountsRole"]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ses:SendEmail"
    assert all("identity/" in str(one) for one in statement["Resource"])
    users = [
        name
        for name, one in resources.items()
        if one["Properties"].get("Role") == "AccountsRole.Arn"
    ]
    assert users == ["AccountsFunction"]


_HERE = "${AWS::Region}:${AWS::AccountId}:"
_EXECUTE = "arn:${AWS::Partition}:execute-api:" + _HERE
_LAMBDA = "arn:${AWS::Partition}:lambda:" + _HERE + "function:"


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("FunctionRole", []),
        ("MigrateRole", []),
        ("LoginRole", [("lambda:InvokeFunction", "LiveFunction.Arn")]),
        ("AccountsRole", [("lambda:InvokeFunction", "LiveFunction.Arn")]),
        ("IngestRole", [("sqs:SendMessage", "SpoolQueue.Arn")]),
        (
            "SpoolRole",
            [
                ("sqs:ReceiveMessage", "SpoolQueue.Arn"),
                ("sqs:DeleteMessage", "SpoolQueue.Arn"),
                ("sqs:ChangeMessageVisibility", "SpoolQueue.Arn"),
                ("sqs:GetQueueAttributes", "SpoolQueue.Arn"),
                ("sqs:SendMessage", "SpoolDeadLetters.Arn"),
            ],
        ),
        ("RollupsRole", [("sqs:SendMessage", "SchedulerDeadLetters.Arn")]),
        (
            "ExportRole",
            [
                ("s3:PutObject", "${ExportsBucket.Arn}/*"),
                ("s3:GetObject", "${ExportsBucket.Arn}/*"),
                ("s3:AbortMultipartUpload", "${ExportsBucket.Arn}/*"),
            ],
        ),
        (
            "LakeRole",
            [
                ("sqs:SendMessage", "SchedulerDeadLetters.Arn"),
                ("s3:PutObject", "${LakeBucket.Arn}/*"),
                ("s3:DeleteObject", "${LakeBucket.Arn}/*"),
                ("s3:AbortMultipartUpload", "${LakeBucket.Arn}/*"),
            ],
        ),
        (
            "LiveRole",
            [
                ("sqs:SendMessage", "SchedulerDeadLetters.Arn"),
                ("execute-api:ManageConnections", _EXECUTE + "${LiveApi}/live/*"),
                ("lambda:InvokeFunction", _LAMBDA + "${AWS::StackName}-LiveFunction-*"),
                ("sqs:SendMessage", "LiveDelays.Arn"),
                ("sqs:ReceiveMessage", "LiveDelays.Arn"),
                ("sqs:DeleteMessage", "LiveDelays.Arn"),
                ("sqs:GetQueueAttributes", "LiveDelays.Arn"),
            ],
        ),
        (
            "SchedulerRole",
            [
                ("lambda:InvokeFunction", "RefreshFunction.Arn"),
                ("lambda:InvokeFunction", "AuditFunction.Arn"),
                ("lambda:InvokeFunction", "RetentionFunction.Arn"),
                ("lambda:InvokeFunction", "LakeFunction.Arn"),
                ("lambda:InvokeFunction", "AnalystsFunction.Arn"),
                ("lambda:InvokeFunction", "LogsPrivacyFunction.Arn"),
                ("lambda:InvokeFunction", "GamePoolFunction.Arn"),
                ("lambda:InvokeFunction", "LiveSweepFunction.Arn"),
                ("lambda:InvokeFunction", "MeasureFunction.Arn"),
                ("sqs:SendMessage", "SchedulerDeadLetters.Arn"),
            ],
        ),
    ],
)
def test_a_role_may_do_this_and_no_more(
    resources: dict[str, Any], role: str, may: list[tuple[str, str]]
) -> None:
    allowed = [
        (action, resource)
        for policy in resources[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in several(statement["Action"])
        for resource in several(statement["Resource"])
        if not action.startswith(("logs:", "secretsmanager:"))
    ]
    assert allowed == may


def several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def test_every_function_finds_its_handler(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if handler := resource["Properties"].get("Handler"):
            module, _, attribute = handler.rpartition(".")
            assert callable(getattr(import_module(module), attribute)), name


def test_lost_sockets_and_overdue_turns_are_seen_to_every_minute(
    scheduled: dict[str, dict[str, Any]],
) -> None:
    schedule = scheduled["LiveSweepFunction"]["Events"]["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(1 minute)"


def test_what_a_schedule_starts_is_never_lost_without_a_word(
    scheduled: dict[str, dict[str, Any]],
) -> None:
    assert scheduled.keys() == {
        "RefreshFunction",
        "AuditFunction",
        "RetentionFunction",
        "LakeFunction",
        "AnalystsFunction",
        "LogsPrivacyFunction",
        "GamePoolFunction",
        "LiveSweepFunction",
        "MeasureFunction",
    }
    times = set()
    for properties in scheduled.values():
        schedule = properties["Events"]["Schedule"]["Properties"]
        times.add(schedule["ScheduleExpression"])
        assert schedule["RoleArn"] == "SchedulerRole.Arn"
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["RetryPolicy"]["MaximumRetryAttempts"] > 0
        assert schedule["DeadLetterConfig"] == {"Arn": "SchedulerDeadLetters.Arn"}
        failure = properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert failure["Destination"] == "SchedulerDeadLetters.Arn"
        # These are started again in a minute.
        often = ("functions.live.handlers.sweep", "functions.health.handlers.measure")
        least = 60 if properties["Handler"] in often else 300
        assert least <= properties["Timeout"] <= 900
    assert len(times) == 7


def test_the_lake_forgets_the_erased_within_two_hours(scheduled: dict[str, dict[str, Any]]) -> None:
    schedule = scheduled["LakeFunction"]["Events"]["AfterErasure"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert json.loads(schedule["Input"]) == {"after_erasure": True}
    assert schedule["DeadLetterConfig"] == {"Arn": "SchedulerDeadLetters.Arn"}


def test_the_queue_waits_longer_than_its_function_and_forgets_late(
    resources: dict[str, Any],
) -> None:
    function = resources["SpoolFunction"]["Properties"]
    source = function["Events"]["Spool"]["Properties"]
    queue = resources["SpoolQueue"]["Properties"]
    assert source["Queue"] == "SpoolQueue.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": "SpoolDeadLetters.Arn",
        "maxReceiveCount": 1000,
    }
    queues = [one for one in resources.values() if one["Type"] == "AWS::SQS::Queue"]
    assert len(queues) == 4
    kept = [one["Properties"]["MessageRetentionPeriod"] for one in queues]
    assert sorted(kept) == [300, *[14 * 86_400] * 3]  # the first: the sweep does what it loses


def test_delayed_work_is_tried_again_while_it_is_of_use(resources: dict[str, Any]) -> None:
    source = resources["LiveFunction"]["Properties"]["Events"]["Delays"]["Properties"]
    queue = resources["LiveDelays"]["Properties"]
    assert source["Queue"] == "LiveDelays.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 6 * 28 <= queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"]


def test_sockets_reach_the_live_function_and_leave_no_token_in_a_log(
    resources: dict[str, Any],
) -> None:
    routes = [
        one["Properties"] for one in resources.values() if one["Type"] == "AWS::ApiGatewayV2::Route"
    ]
    assert [route["RouteKey"] for route in routes] == ["$connect", "$disconnect", "$default"]
    assert {route["Target"] for route in routes} == {"integrations/${LiveIntegration}"}
    uri = resources["LiveIntegration"]["Properties"]["IntegrationUri"]
    assert "${LiveFunction.Arn}/invocations" in uri
    log = str(resources["LiveStage"]["Properties"]["AccessLogSettings"])
    assert "$context.requestId" in log
    assert not any(word in log for word in ("query", "header", "identity", "sourceIp"))


def test_every_domain_with_a_spool_verb_may_use_the_queue(resources: dict[str, Any]) -> None:
    for kind in messages.CONSUMERS:
        properties = resources[f"{kind.split('.')[0].title()}Function"]["Properties"]
        assert properties["Role"] == "IngestRole.Arn"
        assert properties["Environment"]["Variables"]["SPOOL_QUEUE_URL"] == "SpoolQueue"


def test_a_function_ends_before_the_gateway_hangs_up() -> None:
    globals_ = yaml.load((ROOT / "template.yaml").read_text(), Template)["Globals"]
    assert globals_["Function"]["Timeout"] < 29


def test_the_distribution_keeps_the_consoles_files_and_nothing_else(
    resources: dict[str, Any],
) -> None:
    config = resources["Edge"]["Properties"]["DistributionConfig"]
    optimized, disabled = (
        "658327ea-f89d-4fab-a63d-7ac88dc39e22",
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    )
    behaviours = {one["PathPattern"]: one for one in config["CacheBehaviors"]}
    console = behaviours.pop("/console/*")
    assert (console["TargetOriginId"], console["CachePolicyId"]) == ("rest", optimized)
    assert "AllowedMethods" not in console  # GET and HEAD
    rest = [config["DefaultCacheBehavior"], *behaviours.values()]
    assert {one["CachePolicyId"] for one in rest} == {disabled}
