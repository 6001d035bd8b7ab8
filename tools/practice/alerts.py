"""One day's export of the practice area as of 2026-05-01 14:00: every alert, person and sum invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from dispatch import datum
from dispatch.intake.alerts import COLUMNS
from dispatch.reasons import FRAUD_TYPES, WORDS
from practice.folk import Person, Spot, Town

AT = datetime(2026, 5, 1, 14, 0)  # as the export writes it: local time, no zone
TO_VISIT, PERSUADED, RING_FIRST, NOT_YET = 306, 3720, 640, 46
DATUMS = ("GCJ02", "WGS84", "BD09", "CGCS2000")
SOURCES = ("国家反诈中心预警平台", "省厅推送", "运营商预警", "银行风控", "96110来电", "群众举报")
Row = dict[str, str]

BUSY_HOURS = {
    18.5: 0.05,
    19.5: 0.07,
    20.5: 0.08,
    21.5: 0.07,
    22.5: 0.05,
    23.5: 0.03,
    8.5: 0.2,
    9.5: 0.24,
    10.5: 0.21,
}
# Share of each fraud type, among all alerts and among those to be visited; the yuan at risk, middle value.
TYPES = {
    "impersonated_police": (0.09, 0.31, 110_000), "fake_jobs": (0.31, 0.17, 30_000), "investment": (0.09, 0.12, 120_000),
    "customer_service": (0.14, 0.11, 32_000), "acquaintance": (0.06, 0.06, 45_000), "loan": (0.10, 0.06, 20_000),
    "romance": (0.04, 0.06, 100_000), "student_loan": (0.03, 0.03, 28_000), "shopping": (0.07, 0.03, 5_000),
    "gaming": (0.04, 0.02, 4_000), "other": (0.03, 0.03, 12_000),
}  # fmt: skip
NOTES = (
    "", "", "", "", "", "", "疑似正在共享屏幕", "家属称其不听劝", "本人称正与“办案民警”视频", "已联系亲属协助",
    "已两次到银行取款", "被诱导下载陌生软件", "对方要求保密", "村干部称其在家", "手机一直占线", "老人独居，只讲方言",
)  # fmt: skip

SETTLED_NOTES = (
    "", "", "", "", "", "已劝阻，承诺不转账", "已卸载相关软件", "已挂断对方电话",
    "家属陪同", "误报，正常消费", "已安装国家反诈中心APP",
)  # fmt: skip


class Desk:
    """Writes the day's alerts; `rng` decides everything, `serial` numbers them."""

    def __init__(self, gazetteer: pd.DataFrame, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.town = Town(gazetteer, self.rng)
        self.rows: list[tuple[datetime, Row]] = []

    def pick(self, choices: dict[str, float]) -> str:
        """One of the keys, as likely as its share."""
        shares = np.array(list(choices.values()))
        return list(choices)[int(self.rng.choice(len(shares), p=shares / shares.sum()))]

    def minutes_before(self, at: datetime, low: float, high: float) -> datetime:
        """A moment so many minutes before `at`, to the second."""
        return at - timedelta(seconds=int(60 * self.rng.uniform(low, high)))

    def alert(self, person: Person, alerted_at: datetime, risk: str, kind: str) -> Row:
        """What every alert has: all but the place, the calls and the outcome."""
        rng, middle = self.rng, TYPES[kind][2]
        amount = round(float(middle * rng.lognormal(0.0, 0.75)), -2)
        row = dict.fromkeys((column.zh for column in COLUMNS), "")
        row |= {"预警时间": f"{alerted_at:%Y-%m-%d %H:%M:%S}", "预警来源": SOURCES[int(rng.integers(0, len(SOURCES)))],
                "预警等级": WORDS[risk][0], "诈骗类型": FRAUD_TYPES[kind][0], "姓名": person.name, "电话": person.phone,
                "预警次数": "1", "涉险金额": f"{amount:.0f}" if rng.random() < 0.86 else ""}  # fmt: skip
        if rng.random() < 0.12:
            row["已损失金额"] = f"{round(amount * rng.uniform(0.02, 0.4), -1):.0f}"
        if rng.random() < 0.3:
            row["账户"] = f"银行卡尾号{int(rng.integers(0, 10000)):04d}"
        row["备注"] = NOTES[int(rng.integers(0, len(NOTES)))]
        return row

    def placed(self, row: Row, spot: Spot, *, coordinate: bool, address: bool) -> Row:
        """The same alert with one place: as address, as coordinate in some datum, or both."""
        row = row | {"定位来源": WORDS[spot.source][0]}
        if address and spot.address:
            row["地址"] = spot.address
        if coordinate or not row["地址"]:
            name = DATUMS[int(self.rng.choice(4, p=[0.46, 0.24, 0.18, 0.12]))]
            lon, lat = datum.convert(np.array([spot.lon]), np.array([spot.lat]), "WGS84", name)
            row |= {
                "经度": f"{lon[0]:.6f}",
                "纬度": f"{lat[0]:.6f}",
                "坐标系": name,
                "误差半径": str(spot.radius_metres),
            }
        if spot.source == "fix":
            row["定位时间"] = f"{self.minutes_before(AT, 3, 140):%Y-%m-%d %H:%M:%S}"
        return row

    def add(self, alerted_at: datetime, row: Row) -> None:
        """Keep a finished row."""
        self.rows.append((alerted_at, row))

    def home_row(self, row: Row, person: Person) -> Row:
        """The home as exports have it: mostly both, at times only one of address and coordinate."""
        form = self.rng.random()
        return self.placed(row, person.home, coordinate=form > 0.36, address=form < 0.86)


def build_alerts(gazetteer: pd.DataFrame, seed: int = 71) -> pd.DataFrame:
    """All rows of alerts.csv in the order they came, under Chinese headings, as text."""
    desk = Desk(gazetteer, seed)
    _to_visit(desk)
    _persuaded(desk)
    _ring_first(desk)
    _not_yet(desk)
    desk.rows.sort(key=lambda pair: pair[0])
    serial: dict[str, str] = {}
    for _, row in desk.rows:
        if row["预警编号"] not in serial:
            serial[row["预警编号"]] = f"A{AT:%m%d}-{len(serial) + 1:05d}"
        row["预警编号"] = serial[row["预警编号"]]
    rows = [row for _, row in desk.rows]
    for where, bad in zip(np.linspace(60, len(rows) - 60, 14).astype(int), _bad_rows(rows), strict=True):
        rows.insert(int(where), bad)
    return pd.DataFrame(rows, columns=[column.zh for column in COLUMNS], dtype="str")


def _keyed(desk: Desk, row: Row) -> Row:
    """The row under an id of its own until the day is sorted."""
    return row | {"预警编号": f"{len(desk.rows)}"}


def _alerted_at(desk: Desk, recent: float) -> datetime:
    """Since yesterday evening; a share `recent` within the last three hours."""
    if desk.rng.random() < recent:
        return desk.minutes_before(AT, 2, 180)
    hours = list(BUSY_HOURS)
    hour = hours[int(desk.rng.choice(len(hours), p=list(BUSY_HOURS.values())))]
    day = AT.replace(hour=0, day=30, month=4) if hour > 12 else AT.replace(hour=0)
    return day + timedelta(seconds=int(3600 * (hour + desk.rng.uniform(-0.5, 0.5))))


def _to_visit(desk: Desk) -> None:
    """Those nobody could persuade by phone, one to three places each, some of them warned before."""
    rng = desk.rng
    for _ in range(TO_VISIT):
        person = desk.town.person()
        risk = desk.pick({"critical": 0.2, "high": 0.46, "medium": 0.26, "low": 0.08})
        kind = desk.pick({name: shares[1] for name, shares in TYPES.items()})
        alerted_at = _alerted_at(desk, 0.82)
        row = _keyed(desk, desk.alert(person, alerted_at, risk, kind)) | _unreached(desk, alerted_at, risk)
        if rng.random() < 0.62:
            row["资金安全时间"] = f"{max(alerted_at, desk.minutes_before(AT, 2, 75)):%Y-%m-%d %H:%M:%S}"
        row |= _window(desk)
        desk.add(alerted_at, desk.home_row(row, person))
        places = desk.pick(
            {
                "": 0.6,
                "fix": 0.21,
                "hotel": 0.04,
                "relative": 0.03,
                "work": 0.05,
                "fix hotel": 0.03,
                "fix relative": 0.02,
                "fix work": 0.02,
            }
        )
        for source in places.split():
            spot = desk.town.elsewhere(person, source)
            desk.add(alerted_at, desk.placed(row, spot, coordinate=rng.random() < 0.6, address=True))
        if rng.random() < 0.085:
            earlier = desk.minutes_before(alerted_at, 15, 150)
            first = _keyed(desk, desk.alert(person, earlier, "medium", kind)) | {
                "联系结果": "未接",
                "拨打次数": "1",
            }
            first["最近拨打"] = f"{earlier + timedelta(minutes=6):%Y-%m-%d %H:%M:%S}"
            desk.add(earlier, desk.home_row(first, person))


def _window(desk: Desk) -> Row:
    """When a few can be met: home from work later, or leaving home soon."""
    rng = desk.rng
    if rng.random() > 0.06:
        return {}
    opens = AT + timedelta(minutes=int(rng.integers(2, 9)) * 30)
    closes = opens + timedelta(hours=3)
    if rng.random() < 0.4:
        opens, closes = AT - timedelta(hours=2), AT + timedelta(minutes=int(rng.integers(2, 9)) * 5)
    return {"可访起": f"{opens:%Y-%m-%d %H:%M}", "可访止": f"{closes:%Y-%m-%d %H:%M}"}


def _unreached(desk: Desk, alerted_at: datetime, risk: str) -> Row:
    """How the calls went, so that somebody must go: at medium and low risk only if they failed."""
    rng = desk.rng
    outcomes = {"unreached": 0.28, "busy": 0.19, "off": 0.13, "refused": 0.14, "disbelieved": 0.2}
    result = desk.pick(outcomes | ({"": 0.06} if risk in {"critical", "high"} else {"warned": 0.1}))
    row: Row = {}
    if result == "warned":
        return {"预警次数": str(int(rng.integers(3, 6)))}
    if result:
        attempts = int(rng.integers(3, 8)) if result in {"unreached", "busy"} else int(rng.integers(2, 5))
        last = max(alerted_at + timedelta(seconds=40), desk.minutes_before(AT, 1, 50))
        row = {
            "联系结果": WORDS[result][0],
            "拨打次数": str(attempts),
            "最近拨打": f"{min(last, AT):%Y-%m-%d %H:%M:%S}",
        }
    row["预警次数"] = str(int(rng.choice([1, 2, 3, 4], p=[0.66, 0.2, 0.1, 0.04])))
    if result in {"busy", ""} and rng.random() < 0.62:
        started = max(alerted_at, desk.minutes_before(AT, 4, 95))
        row |= {"通话中": "是", "通话开始": f"{started:%Y-%m-%d %H:%M:%S}"}
    elif rng.random() < 0.5:
        row["通话中"] = "否"
    return row


def _persuaded(desk: Desk) -> None:
    """Settled by phone; some only after a second alert."""
    rng = desk.rng
    for _ in range(PERSUADED):
        person = desk.town.person()
        risk = desk.pick({"critical": 0.02, "high": 0.14, "medium": 0.5, "low": 0.34})
        kind = desk.pick({name: shares[0] for name, shares in TYPES.items()})
        alerted_at = _alerted_at(desk, 0.16)
        if rng.random() < 0.035:
            first = _keyed(desk, desk.alert(person, alerted_at, "medium", kind)) | {
                "联系结果": "未接",
                "拨打次数": "1",
            }
            desk.add(alerted_at, desk.home_row(first, person))
            alerted_at = min(
                alerted_at + timedelta(minutes=int(rng.integers(10, 90))), AT - timedelta(minutes=1)
            )
        called = min(alerted_at + timedelta(seconds=int(60 * rng.lognormal(2.3, 0.7))), AT)
        row = _keyed(desk, desk.alert(person, alerted_at, risk, kind))
        row |= {"联系结果": "已劝阻", "拨打次数": str(int(rng.choice([1, 2, 3], p=[0.72, 0.21, 0.07]))),
                "最近拨打": f"{called:%Y-%m-%d %H:%M:%S}",
                "备注": SETTLED_NOTES[int(rng.integers(0, len(SETTLED_NOTES)))]}  # fmt: skip
        desk.add(alerted_at, desk.home_row(row, person))


def _ring_first(desk: Desk) -> None:
    """Low enough in risk to be rung first: not called yet, or called once or twice in vain."""
    rng = desk.rng
    for _ in range(RING_FIRST):
        person = desk.town.person()
        kind = desk.pick({name: shares[0] for name, shares in TYPES.items()})
        alerted_at = _alerted_at(desk, 0.8)
        row = _keyed(desk, desk.alert(person, alerted_at, desk.pick({"medium": 0.6, "low": 0.4}), kind))
        result = desk.pick({"": 0.42, "unreached": 0.38, "busy": 0.12, "off": 0.08})
        if result:
            last = max(alerted_at + timedelta(seconds=40), desk.minutes_before(AT, 1, 60))
            attempts = 1 if result == "off" else int(rng.integers(1, 3))
            row |= {"联系结果": WORDS[result][0], "拨打次数": str(attempts),
                    "最近拨打": f"{min(last, AT):%Y-%m-%d %H:%M:%S}"}  # fmt: skip
        desk.add(alerted_at, desk.home_row(row, person))


def _not_yet(desk: Desk) -> None:
    """Alerts of the hour and a half after the moment of the plan."""
    for _ in range(NOT_YET):
        person = desk.town.person()
        kind = desk.pick({name: shares[0] for name, shares in TYPES.items()})
        alerted_at = AT + timedelta(seconds=int(60 * desk.rng.uniform(1, 92)))
        row = _keyed(
            desk, desk.alert(person, alerted_at, desk.pick({"high": 0.3, "medium": 0.45, "low": 0.25}), kind)
        )
        desk.add(alerted_at, desk.home_row(row, person))


def _bad_rows(rows: list[Row]) -> Iterator[Row]:
    """Fourteen rows that must be rejected, each for one reason; listed in data/SOURCES.md."""
    placed = [row for row in rows if row["经度"] and row["地址"] and row["联系结果"] == "已劝阻"]
    faults: list[Row] = [
        {"坐标系": ""},
        {"预警时间": "昨天下午三点多"},
        {"涉险金额": "-5000"},
        {"预警等级": "非常高"},
        {"经度": "21.668132", "纬度": "110.912377"},
        {"地址": "", "经度": "", "纬度": "", "坐标系": ""},
        {"预警编号": ""},
        {"预警时间": "2026-05-01"},
        {"经度": "0", "纬度": "0"},
        {"诈骗类型": "电信诈骗（待定）"},
        {"可访起": "2026-05-01 18:00", "可访止": "2026-05-01 15:00"},
        {"坐标系": "北京54"},
        {"经度": "490903.5", "纬度": "2396213.8"},
        {"联系结果": "联系不上了"},
    ]
    for number, fault in enumerate(faults):
        yield placed[number * 211 % len(placed)] | {"预警编号": f"B{AT:%m%d}-{number + 1:02d}"} | fault
