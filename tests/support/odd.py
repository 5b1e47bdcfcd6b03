"""Values that find faults: texts, numbers and JSON that some layer reads otherwise than another."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

TEXTS = [
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "a\udfff",
        "\N{RIGHT-TO-LEFT OVERRIDE}evil",
        "\u200b",
        "\ufeff",
    ),
    *(
        "e\u0301",
        "\u00e9",
        "\ufdfa" * 40,
        "\N{GRINNING FACE}" * 99,
        "\x1b[31m",
        "a\r\nX-Injected: 1",
    ),
    *(
        "'; drop table accounts.users; --",
        "' or '1'='1",
        "%",
        "_",
        "\\",
        "100%_\\",
        "$$",
        "{0}",
        "%s",
    ),
    *("(a+)+$", "[", "*", "^" * 99, "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    *(
        "=1+1",
        "+1",
        "-1",
        "@sum(a1)",
        "\t=1",
        "__proto__",
        "constructor",
        "../../etc/passwd",
        "%2e%2e",
    ),
    *("1e400", "NaN", "Infinity", "-0", "9223372036854775808", "9" * 400, "٣", "²", "x" * 5000),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "infinity", "epoch", "null"),
    *(
        "btl_" + "0" * 26,
        "tavern",
        "1",
        "-1",
        "00000000-0000-0000-0000-000000000000",
        "{{7*7}}",
        "${x}",
    ),
]
NUMBERS: list[Any] = [
    *(
        0,
        -1,
        1,
        2**31 - 1,
        2**31,
        -(2**31) - 1,
        2**53,
        2**63 - 1,
        2**63,
        -(2**63) - 1,
        10**30,
        10**400,
    ),
    *(-0.0, 0.5, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")),
]
KEYS = [
    "__proto__",
    "constructor",
    "",
    "\0",
    "\ud800",
    "type",
    "ref",
    "body",
    "$where",
    "a.b",
    "%s",
]
texts = st.sampled_from(TEXTS) | st.text(max_size=12)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers() | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
# JSON texts of such values, and what no encoder writes.
spelled = st.sampled_from(
    [
        *(
            "",
            " ",
            "nul",
            "[,]",
            '{"a":}',
            "1e400",
            "-",
            "9" * 5000,
            "[" * 500,
            '"\\ud800"',
            "\x00",
        ),
        *("[" * depth + "]" * depth for depth in (30, 65, 300, 900, 985, 2000)),
        *('{"a":' * depth + "1" + "}" * depth for depth in (30, 65, 300, 900, 985)),
        '{"type":"ping","type":"resume"}',
    ]
) | values.map(json.dumps)
