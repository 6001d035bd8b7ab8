"""What a plan's map is drawn from: plain values, made by the planner, read by nobody else.

Minutes count from `PlanView.at`; money is in yuan; coordinates are WGS-84 decimal degrees in
arrays of shape (points, 2), lon before lat. A `Text` is one sentence in both languages.
Whatever is masked or left blank here is nowhere in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.tiles import Tiles

Text = tuple[str, str]
"""Chinese, English."""

Lines = NDArray[np.float64]
"""Points of one line, shape (points, 2): lon, lat."""

ROAD_CLASSES: tuple[str, ...] = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "service", "track", "path", "footway", "steps", "ferry",
)  # fmt: skip
"""Road classes by rank, the order of the road network's own."""

NO_LINE: Lines = np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class MapPlace:
    """One location where a case's person may be; `source` is a word of the catalogue.

    `why` says in one sentence why it is where it is. `links` are addresses of navigation
    services, (service, address) each: only there where they were asked for.
    """

    id: str
    lon: float
    lat: float
    radius_metres: float = 0.0
    probability: float = 1.0
    source: str = "home"
    label: str = ""
    age_minutes: float | None = None
    why: Text | None = None
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MapCase:
    """A case as the dispatcher sees it.

    The loss curve is given by its parameters, as in `dispatch.domain.Case`; `stake_yuan` is
    already aged to `PlanView.at`. `left_out` is the reason nobody goes, None for a case that
    is planned. `why` explains the choice of responder, `obvious` why not the nearest or the
    responsible one, `price_yuan` what sending that one would cost in all, where it is known.
    `instruction` is what is sent to the crew, in Chinese, `cadre_instruction` the same with the
    least personal data; `duty_id` names the responder whose duty phone to ring where nobody is
    sent. `review` says why a person should look at its place, `review_yuan` what hangs on it.
    """

    id: str
    tier: str
    fraud_type: str
    stake_yuan: float
    hazard_per_hour: float
    places: tuple[MapPlace, ...]
    amount_yuan: float = 0.0
    hold_until_minutes: float | None = None
    hold_fraction: float = 1.0
    due_minutes: float | None = None
    late_yuan_per_minute: float = 0.0
    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    warnings: int = 1
    reasons: tuple[Text, ...] = ()
    needs: tuple[str, ...] = ()
    left_out: Text | None = None
    why: tuple[Text, ...] = ()
    obvious: Text | None = None
    price_yuan: float | None = None
    instruction: str = ""
    cadre_instruction: str = ""
    duty_id: str | None = None
    county: str = ""
    town: str = ""
    review: tuple[Text, ...] = ()
    review_yuan: float = 0.0


@dataclass(frozen=True, slots=True)
class MapResponder:
    """A crew that can be sent. `shift` and `rest` are from and to, in minutes; `phone` its duty phone.

    It is busy until `free_at_minutes`. `jurisdiction` says in words what it answers for,
    `areas` holds the codes of the boundaries around that.
    """

    id: str
    kind: str
    name: str
    lon: float
    lat: float
    profile: str = "car"
    status: str = "free"
    phone: str = ""
    shift: tuple[float, float] | None = None
    rest: tuple[float, float] | None = None
    free_at_minutes: float = 0.0
    jurisdiction: str = ""
    areas: tuple[str, ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True)
class MapStop:
    """One visit. `leg` is the road driven to it, from the stop before or from the base.

    `contact` is expected between `earliest` and `latest`, None where that is not known.
    Where two come, each has a stop; `partner_id` is the other one, and one of them leads.
    """

    id: str
    case_id: str
    place_id: str
    drive_minutes: float
    arrive: float
    contact: float
    leave: float
    earliest: float | None = None
    latest: float | None = None
    wait_minutes: float = 0.0
    search_minutes: float = 0.0
    state: str = "planned"
    partner_id: str | None = None
    leads: bool = True
    leg: Lines = field(default_factory=lambda: NO_LINE)
    leg_metres: float | None = None


@dataclass(frozen=True, slots=True)
class MapRoute:
    """One responder's stops in order, and what they keep from being lost."""

    responder_id: str
    stops: tuple[MapStop, ...]
    home: float
    averted_yuan: float = 0.0
    home_leg: Lines = field(default_factory=lambda: NO_LINE)


@dataclass(frozen=True, slots=True)
class MapClosure:
    """Roads shut or slowed: `lines` are the roads, `outlines` the rings of an area drawn over them.

    `factor` is 0 where nobody gets through, else the share of the usual speed. It holds from
    `begins` to `ends`, in minutes, None being open, for `profiles`.
    """

    id: str
    name: str
    lines: tuple[Lines, ...]
    outlines: tuple[Lines, ...] = ()
    reason: str = ""
    factor: float = 0.0
    begins: float | None = None
    ends: float | None = None
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapChange:
    """One thing one crew is told anew after a re-plan.

    `sort` is `added`, `moved` or `cancelled`; `before` and `after` are first contacts in minutes from
    `PlanView.at`, None where there was, or is, none. `other_responder_id` is who had the visit, or has
    it now. The case may be in no plan any more, and the crew off duty: `responder` is its name.
    `sentence` is what the radio operator reads out, without whom it is for; `point` is (lon, lat).
    """

    sort: str
    responder_id: str
    responder: str
    case_id: str
    point: tuple[float, float]
    sentence: Text
    before: float | None = None
    after: float | None = None
    other_responder_id: str = ""


@dataclass(frozen=True, slots=True)
class MapRow:
    """A row of the alert file that became no case of its own: `part` is `rejected`, `notYet` or `noVisit`.

    `case_id` is the case it was merged into, where there is one.
    """

    id: str
    part: str
    why: Text
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same day under another policy."""

    policy: str
    visited: int
    left_out: int
    expected_yuan: float
    averted_yuan: float
    share_reached_30_minutes: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers at the head of the panel, and the sum that must close.

    `received = rejected + not_yet + no_visit + planned + left_out`, in rows of the alert
    file. `share_reached_30_minutes` is 0 to 1, over all cases. `no_visit_reasons` and
    `rejected_reasons` say how many rows each reason explains.
    """

    received: int
    rejected: int
    not_yet: int
    no_visit: int
    planned: int
    left_out: int
    nobody_yuan: float
    expected_yuan: float
    averted_yuan: float
    share_reached_30_minutes: float
    lower_bound_yuan: float | None = None
    prices_yuan: float = 0.0
    gap_percent: float | None = None
    nearest: Comparison | None = None
    no_visit_reasons: tuple[tuple[Text, int], ...] = ()
    rejected_reasons: tuple[tuple[Text, int], ...] = ()

    @property
    def closes(self) -> bool:
        """Whether every received row is accounted for once."""
        return self.received == (self.rejected + self.not_yet + self.no_visit + self.planned + self.left_out)


@dataclass(frozen=True, slots=True)
class Roads:
    """Drawn roads (m lines): line e is points `start[e]:start[e + 1]` of `lon`, `lat`.

    `rank` (m) numbers `ROAD_CLASSES`; `name` (m) numbers `names`, -1 for none. The columns
    are those of a road network, so nothing needs to be copied.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    start: NDArray[np.int64]
    rank: NDArray[np.uint8]
    name: NDArray[np.int32]
    names: Sequence[str] = ()

    @classmethod
    def none(cls) -> Roads:
        """No roads at all."""
        return cls(
            np.empty(0), np.empty(0), np.zeros(1, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32)
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """A boundary, a lake (closed `lines`) or a river (open ones).

    `level` is an administrative level for boundaries (province city county township
    village), and `lake` or `river` for water; `code` is a boundary's own.
    """

    name: str
    level: str
    lines: tuple[Lines, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A place name; `level` as in the gazetteer, larger `weight` wins where two collide."""

    name: str
    level: str
    lon: float
    lat: float
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Basemap:
    """The ground the plan is drawn on, from the area's own data."""

    roads: Roads = field(default_factory=Roads.none)
    water: tuple[Outline, ...] = ()
    boundaries: tuple[Outline, ...] = ()
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything the map of one plan shows.

    `policy` and `plan_id` name the plan; `synthetic` puts the practice banner on the page
    and on paper; `attribution` names where the basemap's data come from. `language` is
    the one the page opens in; both are always in it. `warnings` stand above the lists. `rows`
    are the rows of the alert file that became no case; data older than `stale_minutes` is red.
    `changes` is what is different from the plan before, by crew; empty for a first plan.
    `tiles` are online ones, for who asked for them: with any, the page is not without network.

    Raises
    ------
    ValueError
        `at` has no time zone.
    """

    area: str
    at: datetime
    horizon_minutes: float
    summary: Summary
    cases: tuple[MapCase, ...]
    responders: tuple[MapResponder, ...] = ()
    routes: tuple[MapRoute, ...] = ()
    closures: tuple[MapClosure, ...] = ()
    warnings: tuple[Text, ...] = ()
    rows: tuple[MapRow, ...] = ()
    changes: tuple[MapChange, ...] = ()
    basemap: Basemap = field(default_factory=Basemap)
    title: Text = ("上门劝阻调度图", "Dispatch map")
    attribution: str = ""
    synthetic: bool = False
    policy: str = ""
    plan_id: str = ""
    language: str = "zh"
    watermark: str = ""
    stale_minutes: float = 30.0
    tiles: Tiles | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"the moment of the map has no time zone: {self.at}")


def outline_lines(geometry: Any) -> tuple[Lines, ...]:
    """The lines of any geometry with a `__geo_interface__` (shapely has one): rings and lines.

    Points and empty geometries have none. A third coordinate is dropped.
    """
    shape: Mapping[str, Any] = getattr(geometry, "__geo_interface__", geometry)
    if shape["type"] == "GeometryCollection":
        return tuple(line for part in shape["geometries"] for line in outline_lines(part))
    depth = {"LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}.get(shape["type"])
    if depth is None or not shape["coordinates"]:
        return ()
    rows = [shape["coordinates"]]
    for _ in range(depth):
        rows = [row for outer in rows for row in outer]
    return tuple(np.asarray(row, float)[:, :2] for row in rows if len(row))
