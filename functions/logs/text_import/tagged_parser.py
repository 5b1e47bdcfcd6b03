"""TAGGED logs: `[HH:MM:SS] [TAG] name [SteamID|group] what happened`, an event a line.

Players choose their names and messages, so either may imitate the server's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from functions.logs.coerce import MAX_NAME
from functions.logs.text_import import tagged_patterns
from functions.logs.text_import.log_lines import Line, ParsedEvent, ParseError, to_error, to_event

Who = tuple[str, str]  # a name and the SteamID behind it

_TAG = re.compile(r"\[([A-Z][A-Z_]*+)\] ")
_TOKEN = re.compile(r"(?<![^ ])\[(?:STEAM_[^|\] ]++|BOT)(?=[|\]])")
_REACH = 2 * MAX_NAME  # from where a name may begin to its token, with all the spaces between


class _Token(NamedTuple):
    """Where `[SteamID|group]` begins and ends in what follows the tag."""

    start: int
    end: int


class _Draft(NamedTuple):
    line: Line
    tag: str
    rest: str
    actors: list[_Token]  # those whose tail fits the tag: more than one is a forgery


def is_tagged(text: str) -> bool:
    """Whether the text after a line's time begins with a tag that these logs have."""
    found = _TAG.match(text)
    return found is not None and tagged_patterns.is_tag(found[1])


def parse(lines: Iterable[Line]) -> tuple[list[ParsedEvent], list[ParseError]]:
    """The events of a log, and the lines without a tag, both in the order of the lines.

    Where a line has two possible actors, `metadata.ambiguous` is true.
    """
    drafts: list[_Draft] = []
    errors: list[ParseError] = []
    for line in lines:
        found = _TAG.match(line.text)
        if found is None:
            errors.append(to_error(line))
            continue
        rest = line.text[found.end() :]
        drafts.append(_Draft(line, found[1], rest, _actors(found[1], rest)))
    known = {_who(draft.rest, draft.actors[0]) for draft in drafts if _is_sure(draft)}
    return [event for draft in drafts for event in _events(draft, known)], errors


def _tokens(rest: str) -> list[_Token]:
    """All tokens, also those that stand inside the group of another."""
    tokens: list[_Token] = []
    close = -1
    for found in _TOKEN.finditer(rest):
        if close < found.end():
            close = rest.find("]", found.end())
        if close < 0:
            break
        if rest[close + 1 : close + 2] in ("", " "):
            tokens.append(_Token(found.start(), close + 1))
    return tokens


def _actors(tag: str, rest: str) -> list[_Token]:
    if not tagged_patterns.is_tag(tag):
        return []
    tokens = _tokens(rest)
    actors = [token for token in tokens if tagged_patterns.fits(tag, rest, token.end)]
    if tag == "PLAYER" and actors:
        last = max(
            (token.start for token in tokens if tagged_patterns.is_via(rest, token.end)), default=-1
        )
        actors = [token for token in actors if token.start < last]
    return actors


def _account(rest: str, token: _Token) -> Who:
    """A token's SteamID and group, which may be empty."""
    sid, _, group = rest[token.start + 1 : token.end - 1].partition("|")
    return sid, group


def _who(rest: str, token: _Token, begin: int = 0) -> Who:
    return rest[begin : token.start].rstrip(" "), _account(rest, token)[0]


def _is_sure(draft: _Draft) -> bool:
    """Whether the line shows that its actor goes by the name before the token."""
    if len(draft.actors) != 1 or draft.actors[0].start > _REACH:
        return False
    if draft.tag != "CONNECT":
        return True
    return "ambiguous" not in _tail_events(draft, draft.actors[0])[0][1]


def _choose(rest: str, tokens: list[_Token], known: set[Who], begin: int = 0) -> _Token:
    """Of several possible players the first who is known by that name, else the first."""
    near = (token for token in tokens if token.start - begin <= _REACH)
    return next((token for token in near if _who(rest, token, begin) in known), tokens[0])


def _tail_events(draft: _Draft, actor: _Token) -> list[tagged_patterns.TailEvent]:
    return tagged_patterns.parse_tail(
        draft.tag, draft.rest[actor.end :], *_account(draft.rest, actor)
    )


def _events(draft: _Draft, known: set[Who]) -> list[ParsedEvent]:
    if not draft.actors:
        return [_other(draft)]
    forged = {"ambiguous": True} if len(draft.actors) > 1 else {}
    actor = draft.actors[0]
    if forged:
        actor = _choose(draft.rest, draft.actors, known)
    name, sid = _who(draft.rest, actor)
    if draft.tag == "PLAYER":
        tail_events: list[tagged_patterns.TailEvent] = [("KILL", _kill(draft.rest, actor, known))]
    else:
        tail_events = _tail_events(draft, actor)
    return [
        to_event(draft.line, kind, metadata | forged, steamId=sid, playerName=name)
        for kind, metadata in tail_events
    ]


def _kill(rest: str, victim: _Token, known: set[Who]) -> dict[str, Any]:
    begin = tagged_patterns.find_attacker(rest, victim.end)
    vias = [
        token
        for token in _tokens(rest)
        if token.start >= begin and tagged_patterns.is_via(rest, token.end)
    ]
    attacker = _choose(rest, vias, known, begin)
    killer, killer_sid = _who(rest, attacker, begin)
    name, sid = _who(rest, victim)
    return {
        "eventKind": "DEATH",
        "victimName": name,
        "victimSteamId": sid,
        "attackerName": killer,
        "attackerSteamId": killer_sid,
        **tagged_patterns.parse_weapon(rest[attacker.end :]),
        **({"ambiguous": True} if len(vias) > 1 else {}),
    }


def _other(draft: _Draft) -> ParsedEvent:
    """An event of a tag or tail that nobody knows; of its player only if there is just one."""
    metadata = {"tag": draft.tag, "raw": draft.rest}
    tokens = _tokens(draft.rest)
    if len(tokens) != 1:
        return to_event(draft.line, "GAME_EVENT", metadata)
    name, sid = _who(draft.rest, tokens[0])
    return to_event(draft.line, "GAME_EVENT", metadata, steamId=sid, playerName=name)
