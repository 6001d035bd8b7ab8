"""What an action that worked does to a case: the loss curve under it, exactly.

Minutes count from the plan's moment, as everywhere; money is in modelled yuan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dispatch.domain import Case, Hold

Contacts = Sequence[tuple[float, float]]
"""(minutes, probability that the person is found there) of the visits a plan makes."""


@dataclass(frozen=True, slots=True)
class Effect:
    """From `begins` to `until` (minutes) the hazard runs at `fraction` (0 to 1) of itself.

    With `closes` the person was reached at `begins`, as by a first contact.
    """

    begins: float
    until: float = math.inf
    fraction: float = 0.0
    closes: bool = False


def exposure_under(case: Case, effects: Sequence[Effect], minutes: float) -> float:
    """Hazard gathered from now to `minutes` (no unit). Where several hold, the strongest counts.

    With one effect that begins now it is `dispatch.loss.exposure` of the case under that hold.
    """
    slowed = [(one.begins, one.until, one.fraction) for one in effects if not one.closes]
    if case.hold is not None:
        slowed.append((0.0, case.hold.until_minutes, case.hold.fraction))
    cuts = sorted({0.0, minutes, *(edge for a, b, _ in slowed for edge in (a, b) if 0.0 < edge < minutes)})
    gathered = 0.0
    for start, end in pairwise(cuts):
        share = min((f for a, b, f in slowed if a <= start and end <= b), default=1.0)
        gathered += min(share, 1.0) * (end - start)
    return case.hazard_per_hour * gathered / 60.0  # per hour -> per minute


def loss_under(
    case: Case, effects: Sequence[Effect], contact_minutes: float, horizon_minutes: float
) -> float:
    """`dispatch.loss.loss_yuan` of a contact at that moment, these effects being in force."""
    closed = min((one.begins for one in effects if one.closes), default=math.inf)
    minutes = min(max(min(contact_minutes, closed), 0.0), horizon_minutes)
    loss = case.stake_yuan * -math.expm1(-exposure_under(case, effects, minutes))
    if case.late_yuan_per_minute and minutes > case.due_minutes:
        loss += case.late_yuan_per_minute * (minutes - case.due_minutes)
    return loss


def expected_under(
    case: Case, effects: Sequence[Effect], contacts: Contacts, horizon_minutes: float
) -> float:
    """`dispatch.loss.expected_yuan` of a case under its contacts, these effects being in force."""
    found = sum(chance for _, chance in contacts)
    met = sum(chance * loss_under(case, effects, at, horizon_minutes) for at, chance in contacts)
    return met + (1.0 - found) * loss_under(case, effects, horizon_minutes, horizon_minutes)


def eased(case: Case, effect: Effect) -> Case:
    """The case as the planner must see it once the effect is certain.

    A hold that begins at b > 0 is a hold from now on a smaller stake: with
    S' = S·e^(−(Λ(b) − λ·f·b)) every contact from b on saves what it saves under the effect, to
    rounding (what differs, S − S', no visit can save). Under a hold that lasts longer than the
    effect, or is stronger, the two are matched at b and where the last of them ends. Who has been
    reached has nothing left to save.
    """
    if effect.closes:
        return replace(case, stake_yuan=0.0, late_yuan_per_minute=0.0, hold=None)
    begins = max(0.0, effect.begins)
    until = max(effect.until, case.hold.until_minutes if case.hold else 0.0)
    end = until if math.isfinite(until) else begins + 7 * 1440.0  # beyond any horizon
    hourly = case.hazard_per_hour / 60.0
    before = exposure_under(case, [effect], begins)
    if hourly <= 0.0 or end <= begins:
        return case
    fraction = (exposure_under(case, [effect], end) - before) / (hourly * (end - begins))
    stake = case.stake_yuan * math.exp(-(before - hourly * fraction * begins))
    return replace(case, stake_yuan=stake, hold=Hold(end, min(1.0, fraction)))
