"""Refitting what triage assumes from what happened: hazards, transfer probabilities, calls, service minutes.

Times are right-censored: of a case whose money was still there when somebody last knew, we know
only that it took longer. The model is the loss curve's own: a share p of people would transfer at
all, those at rate λ, so S(t) = 1 − p + p·e^(−λt), an exponential with a limited failing share, fitted by
surpyval (maximum likelihood, 95 % Wald intervals on the log and logit scale). What raises the
hazard (warnings, a call in progress, disbelief) stretches a case's clock, so that λ is the type's own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from scipy.stats import binomtest, quantile_test

from dispatch.errors import MissingExtra
from dispatch.intake.triage import hazard_per_hour
from dispatch.intake.triage_rules import TriageRules
from dispatch.ledger.state import ANSWERED, CaseNow, Event
from dispatch.settings import Planning, section

LEAST_EVENTS = 10
"""Fewer than so many events, or censored times, say too little: the old value stays."""

SHORTEST_HOURS = 1 / 3600
SHORTEST_DRIVE_MINUTES = 3.0
"""A drive planned shorter than this says more of when somebody pressed a button than of the road."""
MOST_DRIVE_SHARE = 10.0
"""Who took ten times as long did something else on the way."""
MET = frozenset({"met_persuaded", "met_refused"})
NOT_FOUND = frozenset({"not_home", "not_found", "wrong_place"})


@dataclass(frozen=True, slots=True)
class Refit:
    """One number, old and new: `low` to `high` is its 95 % interval, `cases` and `events` what it rests on.

    `key` is its path in the settings, () where no setting holds it and it is only shown;
    `new` is None where there is too little to say.
    """

    what: str
    key: tuple[str, ...]
    old: float | None
    new: float | None
    low: float | None
    high: float | None
    cases: int
    events: int


@dataclass
class Observed:
    """Times and counts drawn from the ledger. Times are (hours or minutes, whether the event was seen)."""

    transfers: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))
    tier_factors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    service: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))
    first_calls: list[bool] = field(default_factory=list)
    answered_calls: list[bool] = field(default_factory=list)
    met: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    found: list[bool] = field(default_factory=list)
    drives: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By kind of responder: minutes a drive took over the minutes planned for it."""


def observe(cases: Iterable[tuple[CaseNow, Sequence[Event]]], rules: TriageRules, at: datetime) -> Observed:
    """What the cases tell, each with its events in order."""
    seen = Observed()
    for now, events in cases:
        if now.case is not None:
            _transfer(seen, now.case, events, rules)
            _calls(seen, events)
            _visits(seen, now, events, at)
            _drives(seen, now, events)
    return seen


def refit(seen: Observed, rules: TriageRules, planning: Planning | None = None) -> list[Refit]:
    """Every number of triage that outcomes speak to, the range of arrivals, and some that no setting holds yet."""
    planning = planning or section(Planning, "planning")
    found: list[Refit] = []
    for name, usual in rules.fraud_types.items():
        times = seen.transfers.get(name, [])
        factor = float(np.mean(seen.tier_factors.get(name, [1.0])))
        found += _type_refits(name, times, factor, usual.hazard_per_hour, usual.transfer_probability)
    calls = rules.calls
    found.append(
        _share(
            "first call answered",
            ("triage", "calls", "answered_share"),
            calls.answered_share,
            seen.first_calls,
        )
    )
    found.append(
        _share(
            "persuaded if answered",
            ("triage", "calls", "persuaded_share"),
            calls.persuaded_share,
            seen.answered_calls,
        )
    )
    for kind, minutes in rules.service_minutes.items():
        found.append(_service(str(kind), minutes, seen.service.get(str(kind), [])))
    found += [
        _share(f"persuaded if met by {kind}", (), None, results) for kind, results in sorted(seen.met.items())
    ]
    found.append(_share("found where looked for", (), None, seen.found))
    return found + _drive_refits(seen, planning)


def overlay_of(refits: Sequence[Refit], below: Mapping[str, Any]) -> dict[str, Any]:
    """The user's settings with the refitted values laid over them, as TOML holds them."""
    overlay: dict[str, Any] = _copied(below)
    for one in refits:
        if one.key and one.new is not None:
            table = overlay
            for part in one.key[:-1]:
                table = table.setdefault(part, {})
            table[one.key[-1]] = one.new
    return overlay


def as_toml(overlay: Mapping[str, Any], heading: str) -> str:
    """The overlay as a settings file that begins with a comment."""
    try:
        import tomli_w  # noqa: PLC0415 - an extra
    except ImportError as cause:
        raise MissingExtra("tomli-w", "calibrate") from cause
    return "".join(f"# {line}\n" for line in heading.splitlines()) + "\n" + tomli_w.dumps(overlay)


def _transfer(seen: Observed, case: Mapping[str, Any], events: Sequence[Event], rules: TriageRules) -> None:
    """From the alert to the transfer, or to the last sign that the money was still there."""
    fraud_type = case["fraud_type"] or rules.default_fraud_type
    end = case["transferred_at"] or case["safe_at"]
    if end is None or end <= case["opened_at"]:
        return  # nothing is known of what became of it
    on_call = any(one.kind == "alerted" and one.body.get("on_call") for one in events)
    hazard = hazard_per_hour(
        fraud_type, case["warnings"], 0.0 if on_call else None, case["contact_result"] or "", rules
    )
    hours = (end - case["opened_at"]).total_seconds() / 3600
    stretched = hours * hazard / rules.fraud_types[fraud_type].hazard_per_hour
    seen.transfers[fraud_type].append((max(stretched, SHORTEST_HOURS), case["transferred_at"] is not None))
    tier = case["tier"] or rules.default_risk
    seen.tier_factors[fraud_type].append(rules.tiers[tier].transfer_probability_factor)


def _calls(seen: Observed, events: Sequence[Event]) -> None:
    results = [
        str(one.body["result"]) for one in events if one.kind == "rang" and one.body.get("channel") == "phone"
    ]
    if results:
        seen.first_calls.append(results[0] in ANSWERED)
    seen.answered_calls += [result == "persuaded" for result in results if result in ANSWERED]


def _visits(seen: Observed, now: CaseNow, events: Sequence[Event], at: datetime) -> None:
    for one in now.instructions.values():
        kind = one["responder_kind"]
        if kind and one["met_at"] is not None and one["cancelled_at"] is None:
            minutes = ((one["reported_at"] or at) - one["met_at"]).total_seconds() / 60
            if minutes > 0:
                seen.service[kind].append((minutes, one["reported_at"] is not None))
        if kind and one["outcome"] in MET:
            seen.met[kind].append(one["outcome"] == "met_persuaded")
    for event in events:
        if event.kind == "reported" and event.body["outcome"] in MET | NOT_FOUND:
            seen.found.append(event.body["outcome"] in MET)


def _drives(seen: Observed, now: CaseNow, events: Sequence[Event]) -> None:
    """Drives that were measured: left and arrived, both noted, against the minutes of the plan."""
    planned = {
        str(one.instruction_id): float(one.body["drive_minutes"])
        for one in events
        if one.kind == "drafted" and one.body.get("drive_minutes")
    }
    for one in now.instructions.values():
        left, there = one["departed_at"], one["arrived_at"]
        minutes = planned.get(one["instruction_id"], 0.0)
        if left is None or there is None or minutes < SHORTEST_DRIVE_MINUTES:
            continue
        share = (there - left).total_seconds() / 60 / minutes
        if 0.0 < share <= MOST_DRIVE_SHARE:
            seen.drives[one["responder_kind"] or ""].append(share)


def _drive_refits(seen: Observed, planning: Planning) -> list[Refit]:
    """The ends of the range an arrival is shown in: the tenth and the ninetieth percentile of all drives."""
    everyone = [share for drives in seen.drives.values() for share in drives]
    early = _percentile(
        "drives at best, share of planned", "drive_early_share", planning.drive_early_share, everyone, 0.1
    )
    late = _percentile(
        "drives at worst, share of planned", "drive_late_share", planning.drive_late_share, everyone, 0.9
    )
    by_kind = [
        _percentile(f"half of the drives of {kind} take", "", None, drives, 0.5)
        for kind, drives in sorted(seen.drives.items())
        if kind
    ]
    return [early, late, *by_kind]


def _percentile(what: str, name: str, old: float | None, shares: Sequence[float], share: float) -> Refit:
    """A percentile with its distribution-free 95 % interval, from order statistics (Conover 1999, section 3.2).

    What the settings hold is one-sided: at best no more than planned, at worst no less.
    """
    new = None
    if len(shares) >= LEAST_EVENTS:
        interval = quantile_test(shares, p=share).confidence_interval(confidence_level=0.95)
        new = (float(np.quantile(shares, share)), float(interval.low), float(interval.high))
    key = ("planning", name) if name else ()
    found = _refit(what, key, old, new, len(shares), len(shares), MOST_DRIVE_SHARE)
    if found.new is None or not name:
        return found
    return replace(found, new=min(found.new, 1.0) if share < 0.5 else max(found.new, 1.0))


def _type_refits(
    name: str, times: Sequence[tuple[float, bool]], factor: float, hazard: float, probability: float
) -> list[Refit]:
    """Hazard and transfer probability of one fraud type; `factor` is the mean one of its cases' tiers."""
    key = ("triage", "fraud_types", name)
    cases, events = len(times), sum(seen for _, seen in times)
    new: dict[str, tuple[float, float, float]] = {}
    if events >= LEAST_EVENTS and cases - events >= LEAST_EVENTS:
        fitted = _survival().Exponential.fit(*_columns(times), lfp=True)
        new["hazard"] = _between(fitted.params[0], fitted.param_cb("failure_rate"))
        share = _between(fitted.lfp_p, fitted.param_cb("lfp_p"))
        new["probability"] = (share[0] / factor, share[1] / factor, share[2] / factor)
    return [
        _refit(f"{name}: hazard per hour", (*key, "hazard_per_hour"), hazard, new.get("hazard"), cases, events, 100.0),
        _refit(
            f"{name}: transfer probability", (*key, "transfer_probability"), probability, new.get("probability"),
            cases, events, 1.0,
        ),
    ]  # fmt: skip


def _service(kind: str, old: float, times: Sequence[tuple[float, bool]]) -> Refit:
    """Mean minutes at the door, from a log-normal fit: visits not reported yet count as longer."""
    cases, events = len(times), sum(seen for _, seen in times)
    new = None
    if events >= LEAST_EVENTS:
        fitted = _survival().LogNormal.fit(*_columns(times))
        new = _between(fitted.mean(), fitted.mean_cb())
    return _refit(
        f"service minutes of {kind}", ("triage", "service_minutes", kind), old, new, cases, events, 1440.0
    )


def _share(what: str, key: tuple[str, ...], old: float | None, results: Sequence[bool]) -> Refit:
    """A share with its Wilson interval."""
    new = None
    if len(results) >= LEAST_EVENTS:
        bounds = binomtest(sum(results), len(results)).proportion_ci(method="wilson")
        new = (sum(results) / len(results), float(bounds.low), float(bounds.high))
    return _refit(what, key, old, new, len(results), sum(results), 1.0)


def _refit(  # noqa: PLR0917 - one number after another
    what: str,
    key: tuple[str, ...],
    old: float | None,
    new: tuple[float, float, float] | None,
    cases: int,
    events: int,
    most: float,
) -> Refit:
    """Rounded to four digits that count; not above what the setting may hold."""
    if new is None or not all(math.isfinite(one) for one in new) or not new[0] > 0:
        return Refit(what, key, old, None, None, None, cases, events)
    value, low, high = (float(f"{min(one, most):.4g}") for one in new)
    return Refit(what, key, old, value, low, high, cases, events)


def _between(value: Any, bounds: Any) -> tuple[float, float, float]:
    low, high = bounds
    return float(value), float(low), float(high)


def _columns(times: Sequence[tuple[float, bool]]) -> tuple[Any, Any]:
    """Times, and 1 where one is right-censored, 0 where the event was seen."""
    return np.array([one for one, _ in times]), np.array([0 if seen else 1 for _, seen in times])


def _survival() -> Any:
    try:
        import surpyval  # noqa: PLC0415 - an extra, and a second to load
    except ImportError as cause:
        raise MissingExtra("surpyval", "calibrate") from cause
    return surpyval


def _copied(value: Any) -> Any:
    return {key: _copied(one) for key, one in value.items()} if isinstance(value, Mapping) else value
