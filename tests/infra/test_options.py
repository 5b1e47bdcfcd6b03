"""Options of the template: what each changes, and that without it nothing else does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.local.gateway import Template
from infra.local.sam import ROOT

TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Template)
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
# Kinds of resources that hold what cannot be made again.
STATEFUL = {"AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table"}
# These may go with the stack, and why.
MAY_GO = {
    "LiveDelays": "holds work for some seconds; the sweep does what is lost",
    "ExportsBucket": "its files live for a day and are made again on demand",
    "Logs": "its lines expire; kept, its name would refuse the next stack of this name",
    "AccessLog": "its lines expire; kept, its name would refuse the next stack of this name",
}
OPTIONS = {
    "WithKmsKey": {"KmsPolicy"},
    "WithTracing": {"TracingPolicy"},
    "WithOwnWebAcl": {"OwnWebAcl"},
    "WithWebAcl": {"WebAclAssociation"},
    "WithGatewayDomain": {"Domain", "DomainMapping"},
    "WithSocketDomain": {"SocketDomain", "SocketDomainMapping"},
    "WithDistribution": {"Edge", "ViewerAddress", "SocketPaths"},
}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == kind}


@pytest.mark.parametrize(
    "name", sorted(name for name, one in RESOURCES.items() if one["Type"] in STATEFUL)
)
def test_what_holds_state_outlives_its_stack(name: str) -> None:
    kept = (RESOURCES[name].get("DeletionPolicy"), RESOURCES[name].get("UpdateReplacePolicy"))
    assert kept == ((None, None) if name in MAY_GO else ("Retain", "Retain"))


def test_what_may_go_exists() -> None:
    assert MAY_GO.keys() <= RESOURCES.keys()


def test_every_kind_of_resource_is_known_to_hold_state_or_none() -> None:
    """Whoever brings a table, a database or a file system says here whether it stays."""
    stateless = re.compile(
        r"AWS::(Serverless::(Api|Function|LayerVersion)|ApiGateway(V2)?::\w+|IAM::\w+|WAFv2::\w+"
        r"|CloudFront::\w+|CloudWatch::\w+|S3::BucketPolicy)"
    )
    kinds = {one["Type"] for one in RESOURCES.values()}
    assert {kind for kind in kinds - STATEFUL if not stateless.fullmatch(kind)} == set()


@pytest.mark.parametrize("condition", OPTIONS)
def test_an_option_that_is_off_makes_nothing(condition: str) -> None:
    found = {name for name, one in RESOURCES.items() if one.get("Condition") == condition}
    assert found == OPTIONS[condition]


@pytest.mark.parametrize(
    ("parameter", "default"),
    [
        *(("KmsKey", ""), ("Tracing", "off"), ("WebAcl", "off"), ("EdgeWebAcl", "")),
        *(("DomainName", ""), ("SocketDomainName", ""), ("CertificateArn", "")),
        *(("Distribution", "off"), ("AlarmTopic", ""), ("CorsOrigins", "*")),
    ],
)
def test_by_default_options_are_off(parameter: str, default: str) -> None:
    assert TEMPLATE["Parameters"][parameter]["Default"] == default


def test_all_that_rests_is_encrypted_and_by_the_key_that_is_given() -> None:
    for name, queue in of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] == ["WithKmsKey", False, True], name
        assert queue["KmsMasterKeyId"] == ["WithKmsKey", "KmsKey", "AWS::NoValue"], name
    for name, bucket in of_type("AWS::S3::Bucket").items():
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        how = rule["ServerSideEncryptionByDefault"]
        assert how["SSEAlgorithm"] == ["WithKmsKey", "aws:kms", "AES256"], name
        assert how["KMSMasterKeyID"] == ["WithKmsKey", "KmsKey", "AWS::NoValue"], name
    for name, group in of_type("AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"] == ["WithKmsKey", "KmsKey", "AWS::NoValue"], name


def test_whoever_touches_a_queue_or_a_bucket_may_use_its_key() -> None:
    touching = {
        name
        for name, role in of_type("AWS::IAM::Role").items()
        if re.search(r"'(sqs:(Send|Receive)Message|s3:(Put|Get)Object)'", str(role["Policies"]))
    }
    policy = RESOURCES["KmsPolicy"]["Properties"]
    assert set(policy["Roles"]) == touching
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert statement["Resource"] == "KmsKey"


def test_every_function_may_write_traces_when_there_are_any() -> None:
    assert TEMPLATE["Globals"]["Function"]["Tracing"] == ["WithTracing", "Active", "PassThrough"]
    assert RESOURCES["Api"]["Properties"]["TracingEnabled"] == ["WithTracing", True, False]
    roles = {
        one["Role"].removesuffix(".Arn") for one in of_type("AWS::Serverless::Function").values()
    }
    assert set(RESOURCES["TracingPolicy"]["Properties"]["Roles"]) == roles


def test_waf_reads_no_bodies_and_says_when_to_come_back() -> None:
    """A batch of log events has megabytes, and in it whatever players write."""
    rules = {one["Name"]: one for one in RESOURCES["OwnWebAcl"]["Properties"]["Rules"]}
    groups = [
        one["Statement"]["ManagedRuleGroupStatement"]["Name"]
        for one in rules.values()
        if "ManagedRuleGroupStatement" in one["Statement"]
    ]
    assert groups == ["AWSManagedRulesAmazonIpReputationList"]
    assert "FieldToMatch" not in str(rules)
    answer = rules["rate"]["Action"]["Block"]["CustomResponse"]
    assert answer["ResponseCode"] == 429
    assert [one["Name"] for one in answer["ResponseHeaders"]] == ["Retry-After"]


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "WebAcl",
            ["on", "off", "arn:aws:wafv2:eu-central-1:1:regional/webacl/a/b"],
            ["", "yes", "arn:aws:wafv2:us-east-1:1:global/webacl/a/b"],
        ),
        (
            "EdgeWebAcl",
            ["", "arn:aws:wafv2:us-east-1:1:global/webacl/a/b"],
            ["on", "arn:aws:wafv2:eu-central-1:1:regional/webacl/a/b"],
        ),
    ],
)
def test_a_web_acl_is_of_the_kind_that_its_place_takes(
    parameter: str, good: list[str], bad: list[str]
) -> None:
    pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
    assert all(re.fullmatch(pattern, one) for one in good)
    assert not any(re.fullmatch(pattern, one) for one in bad)


def test_the_template_is_far_from_cloudformations_limits() -> None:
    """Above 51,200 bytes it is deployed from a bucket, as `sam deploy` does; the end is 1 MB."""
    assert (ROOT / "template.yaml").stat().st_size < 250_000
    assert len(RESOURCES) < 250, "of 500; SAM makes three of a scheduled function"
    assert len(TEMPLATE["Parameters"]) < 150, "of 200"
