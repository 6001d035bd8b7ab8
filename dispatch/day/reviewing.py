"""`review.csv`: cases whose place a person should look at, worst first by the money at risk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dispatch import loss
from dispatch.domain import Case
from dispatch.intake.triage import Person
from dispatch.places.evidence import Refused
from dispatch.places.review import ANSWERS, doubts, places_text, points_text
from dispatch.places.settings import PlaceSettings
from dispatch.reasons import Language, Reason, say
from dispatch.redact import mask_address

COLUMNS = ("case_id", "yuan_at_risk", "codes", "sentence", "address", "places", "points", *ANSWERS)


@dataclass(frozen=True, slots=True)
class Look:
    """A case to look at: `yuan_at_risk` is lost if nobody comes, times the chance that its first place is wrong."""

    case: Case
    yuan_at_risk: float
    reasons: tuple[Reason, ...]


def to_look_at(
    cases: Sequence[Case],
    unplaced: Mapping[str, tuple[Refused, ...]],
    settings: PlaceSettings,
    horizon_minutes: float,
) -> tuple[Look, ...]:
    """Cases with a doubtful place, most money first."""
    looks = []
    for case in cases:
        reasons = doubts(case.places, unplaced.get(case.id, ()), settings)
        if reasons:
            sure = case.places[0].probability if case.places else 0.0
            never = loss.loss_yuan(case, math.inf, horizon_minutes)
            looks.append(Look(case, round(never * (1.0 - sure), 2), reasons))
    return tuple(sorted(looks, key=lambda one: (-one.yuan_at_risk, one.case.id)))


def review_table(
    looks: Sequence[Look], people: Mapping[str, Person], language: Language, *, masked: bool
) -> pd.DataFrame:
    """`COLUMNS`, a row a case; the last ones empty, for the answers."""
    rows = []
    for one in looks:
        address = str(people[one.case.id].address or "")
        rows.append(
            {
                "case_id": one.case.id,
                "yuan_at_risk": one.yuan_at_risk,
                "codes": "|".join(dict.fromkeys(reason.code for reason in one.reasons)),
                "sentence": ("；" if language == "zh" else "; ").join(
                    dict.fromkeys(say(reason, language) for reason in one.reasons)
                ),
                "address": mask_address(address) if masked else address,
                "places": places_text(one.case.places, language),
                "points": points_text(one.case.places),
            }
            | dict.fromkeys(ANSWERS, "")
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
