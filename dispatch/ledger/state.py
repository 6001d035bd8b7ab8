"""What follows from what happened: the state of one case, folded from its events in order.

Pure: a state and an event give the next state. Nothing here reads settings or clocks; what a
rule decided when an event was recorded (when second visits fall due) stands in the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatch.ledger.schema import case_state, hold_state, instruction_state, promise_state

Row = dict[str, Any]

STEPS = ("sent", "signed", "departed", "arrived", "met", "reported")
"""What an instruction goes through, in order; steps may be skipped."""

CLOSING = frozenset({"elsewhere", "duplicate", "already_transferred"})
"""Outcomes after which nobody of this centre visits the case again."""

EARLY = timedelta(hours=6)
"""A visit so long before a second visit is due counts as that visit."""

ANSWERED = frozenset({"disbelieved", "persuaded"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `seq` numbers all events of a ledger; `body` holds no personal data."""

    kind: str
    at: datetime
    by: str
    case_id: str | None = None
    instruction_id: str | None = None
    plan_id: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    recorded_at: datetime | None = None


@dataclass
class CaseNow:
    """One case with its instructions, holds and promises, as rows of the state tables."""

    case: Row | None = None
    instructions: dict[str, Row] = field(default_factory=dict)
    holds: dict[str, Row] = field(default_factory=dict)
    promises: dict[str, Row] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> CaseNow:
    """The state of the case these events are of, given in order."""
    now = CaseNow()
    for event in events:
        advance(now, event)
    return now


def advance(now: CaseNow, event: Event) -> None:
    """Let one event of the case happen.

    Raises
    ------
    LookupError
        The event is of a case, instruction, hold or promise that the state does not know.
    """
    if event.kind == "shown":
        return  # who saw a case changes nothing of it
    if event.kind == "alerted":
        _alerted(now, event)
    if now.case is None:
        raise LookupError(f"case {event.case_id} has no alert")
    case = now.case
    case["version"] += 1
    case["last_seq"] = event.seq
    if event.kind in _RULES:
        _RULES[event.kind](now, case, event)


def _alerted(now: CaseNow, event: Event) -> None:
    """A first alert opens the case; a further one adds to it, and opens it again."""
    body = event.body
    alerted_at = datetime.fromisoformat(body["alerted_at"])
    if now.case is None:
        now.case = dict.fromkeys(case_state.columns.keys())
        now.case |= {
            "case_id": event.case_id, "version": 0, "opened_at": alerted_at, "alerted_at": alerted_at, "alerts": 0,
            "warnings": 0, "attempts": 0, "visits": 0, "refused_by": [], "due_visits": [],
        }  # fmt: skip
    case = now.case
    case["alerts"] += 1 if body.get("first_row", True) else 0
    case["opened_at"] = min(case["opened_at"], alerted_at)
    case["alerted_at"] = max(case["alerted_at"], alerted_at)
    case["warnings"] = max(
        case["warnings"] + (1 if body.get("first_row", True) else 0), body.get("warnings") or 0
    )
    if body.get("tier"):
        known = case["tier"]
        case["tier"] = body["tier"] if known is None else min(known, body["tier"], key=_TIERS.index)
    case["fraud_type"] = body.get("fraud_type") or case["fraud_type"]
    if body.get("amount_yuan") is not None:
        case["amount_yuan"] = max(case["amount_yuan"] or 0.0, float(body["amount_yuan"]))
    _rung_before(case, body, alerted_at)
    if body.get("first_row", True):
        case["closed_at"] = case["closed_why"] = None
        case["due_visits"], case["next_visit_at"] = (
            [],
            None,
        )  # whoever waits for a second visit is visited now
        if body.get("contact_result") == "persuaded":
            _close(case, event.at, "persuaded")


def _rung_before(case: Row, body: Mapping[str, Any], alerted_at: datetime) -> None:
    """Calls that the alert itself tells of."""
    case["attempts"] = max(case["attempts"], body.get("attempts") or 0)
    if body.get("contact_result"):
        rung_at = (
            datetime.fromisoformat(body["last_attempt_at"]) if body.get("last_attempt_at") else alerted_at
        )
        if case["last_attempt_at"] is None or rung_at >= case["last_attempt_at"]:
            case["contact_result"], case["last_attempt_at"] = body["contact_result"], rung_at
    if body.get("safe_at"):
        safe_at = datetime.fromisoformat(body["safe_at"])
        case["safe_at"] = max(case["safe_at"] or safe_at, safe_at)


_TIERS = ("critical", "high", "medium", "low")


INSTITUTIONS = frozenset({"bank", "carrier"})
"""Channels of an ask that is no call to the person: it counts as no attempt to reach him."""


def _rang(_: CaseNow, case: Row, event: Event) -> None:
    if event.body.get("channel") in INSTITUTIONS:
        return
    result = str(event.body["result"])
    case["attempts"] += 1
    if case["last_attempt_at"] is None or event.at >= case["last_attempt_at"]:
        case["contact_result"], case["last_attempt_at"] = result, event.at
    if result in ANSWERED:
        case["safe_at"] = max(case["safe_at"] or event.at, event.at)
    if result == "persuaded":
        _await_visits(case, event)


def _held(now: CaseNow, case: Row, event: Event) -> None:
    body = event.body
    if event.kind == "held":
        now.holds[body["hold_id"]] = {
            "hold_id": body["hold_id"],
            "case_id": event.case_id,
            "kind": body["kind"],
            "fraction": float(body["fraction"]),
            "placed_at": event.at,
            "placed_by": event.by,
            "until": datetime.fromisoformat(body["until"]),
            "released_at": None,
        }
    else:
        _known(now.holds, body["hold_id"], "hold")["released_at"] = event.at
    standing = [one for one in now.holds.values() if one["released_at"] is None]
    last = max(standing, key=lambda one: (one["until"], one["hold_id"]), default=None)
    case["hold_until"] = last["until"] if last else None
    case["hold_fraction"] = last["fraction"] if last else None
    case["hold_kind"] = last["kind"] if last else None


def _promised(now: CaseNow, _: Row, event: Event) -> None:
    body = event.body
    if event.kind == "promised":
        now.promises[body["promise_id"]] = dict.fromkeys(promise_state.columns.keys()) | {
            "promise_id": body["promise_id"],
            "case_id": event.case_id,
            "event_seq": event.seq,
            "made_at": event.at,
            "made_by": event.by,
            "due_at": datetime.fromisoformat(body["due_at"]),
        }
    else:
        promise = _known(now.promises, body["promise_id"], "promise")
        promise["kept_at"], promise["kept_by"] = event.at, event.by


def _drafted(now: CaseNow, case: Row, event: Event) -> None:
    body = event.body
    now.instructions[str(event.instruction_id)] = dict.fromkeys(instruction_state.columns.keys()) | {
        "instruction_id": event.instruction_id,
        "case_id": event.case_id,
        "version": 1,
        "last_seq": event.seq,
        "plan_id": event.plan_id,
        "responder_id": body["responder_id"],
        "responder_kind": body.get("responder_kind"),
        "responder_name": body.get("responder_name"),
        "place_id": body.get("place_id"),
        "stop_id": body.get("stop_id"),
        "tier": case["tier"],
        "drafted_at": event.at,
        "depart_by": _moment(body.get("depart_by")),
        "contact_by": _moment(body.get("contact_by")),
        "other_reports": [],
        "escalated": [],
    }
    _under_way(now, case)


def _stepped(now: CaseNow, case: Row, event: Event) -> None:
    """A step is noted once: whoever signs a second time changes nothing."""
    one = _known(now.instructions, str(event.instruction_id), "instruction")
    one["version"] += 1
    one["last_seq"] = event.seq
    if event.kind == "escalated":
        one["escalated"] = [*one["escalated"], event.body["step"]]
        return
    if one[f"{event.kind}_at"] is None:
        one[f"{event.kind}_at"], one[f"{event.kind}_by"] = event.at, event.by
    if event.kind == "cancelled" and one["ended_at"] is None:
        one["ended_at"] = event.at
    _under_way(now, case)


def _reported(now: CaseNow, case: Row, event: Event) -> None:
    """What came of a visit; a second, different report is kept beside the first."""
    body, code = event.body, str(event.body["outcome"])
    one = now.instructions.get(str(event.instruction_id)) if event.instruction_id else None
    if event.instruction_id and one is None:
        raise LookupError(f"instruction {event.instruction_id} is not of case {event.case_id}")
    if one is not None:
        one["version"] += 1
        one["last_seq"] = event.seq
        if one["outcome"] is not None:
            one["other_reports"] = [
                *one["other_reports"],
                {"outcome": code, "by": event.by, "at": event.at.isoformat()},
            ]
            return
        one["outcome"], one["reported_at"], one["reported_by"] = code, event.at, event.by
        one["ended_at"] = one["ended_at"] or event.at
        if body.get("met_at") and one["met_at"] is None:
            one["met_at"], one["met_by"] = datetime.fromisoformat(body["met_at"]), event.by
        _under_way(now, case)
    case["visits"] += code != "not_attempted"
    case["last_outcome"], case["outcome_at"] = code, event.at
    if code == "met_persuaded":
        case["safe_at"] = max(case["safe_at"] or event.at, event.at)
        _await_visits(case, event)
    if code == "met_refused" and one is not None and one["responder_id"] not in case["refused_by"]:
        case["refused_by"] = [*case["refused_by"], one["responder_id"]]
    if code == "already_transferred":
        case["transferred_at"] = _moment(body.get("transferred_at")) or event.at
    if code in CLOSING:
        _close(case, event.at, code)


def _await_visits(case: Row, event: Event) -> None:
    """Persuaded: second visits stand as the event says; with none to come, the case is closed.

    The visit that was due, or would be within `EARLY`, is done; those after it stay. A case closed
    before (sent twice, moved away) stays closed: it waits for nothing.
    """
    if case["closed_at"] is not None:
        return
    if "due_visits" in event.body and not case["due_visits"]:
        case["due_visits"] = list(event.body["due_visits"])
    else:
        due = [one for one in case["due_visits"] if datetime.fromisoformat(one) > event.at + EARLY]
        case["due_visits"] = due
    case["next_visit_at"] = datetime.fromisoformat(case["due_visits"][0]) if case["due_visits"] else None
    if case["next_visit_at"] is None:
        _close(case, event.at, "persuaded")


def _close(case: Row, at: datetime, why: str) -> None:
    case["closed_at"], case["closed_why"] = at, why
    case["due_visits"], case["next_visit_at"] = [], None


def _closed(_: CaseNow, case: Row, event: Event) -> None:
    _close(case, event.at, str(event.body["why"]))


def _reopened(_: CaseNow, case: Row, __: Event) -> None:
    case["closed_at"] = case["closed_why"] = None


def _under_way(now: CaseNow, case: Row) -> None:
    """The newest instruction that has not ended."""
    live = [one for one in now.instructions.values() if one["ended_at"] is None]
    newest = max(live, key=lambda one: (one["drafted_at"], one["instruction_id"]), default=None)
    case["instruction_id"] = newest["instruction_id"] if newest else None
    case["responder_id"] = newest["responder_id"] if newest else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _known(rows: Mapping[str, Row], key: str, what: str) -> Row:
    if key not in rows:
        raise LookupError(f"{what} {key} is not known")
    return rows[key]


_RULES: Mapping[str, Callable[[CaseNow, Row, Event], None]] = {
    "rang": _rang,
    "held": _held,
    "released": _held,
    "promised": _promised,
    "kept": _promised,
    "drafted": _drafted,
    **dict.fromkeys(("sent", "signed", "departed", "arrived", "met", "cancelled", "escalated"), _stepped),
    "reported": _reported,
    "closed": _closed,
    "reopened": _reopened,
}
"""What each kind of event does to its case, once it has an alert."""

TABLES = (
    (case_state, "case"),
    (instruction_state, "instructions"),
    (hold_state, "holds"),
    (promise_state, "promises"),
)
"""Each state table with the part of `CaseNow` that it holds."""
