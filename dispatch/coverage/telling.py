"""What the commands of coverage print: a table for a terminal, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dispatch.coverage.account import Account
from dispatch.coverage.comparing import Comparison
from dispatch.coverage.write import PRACTICE, UNITS
from dispatch.reasons import Language, word
from dispatch.redact import clean

LISTED = 10


def reach_lines(given: Account, language: Language) -> Iterator[str]:
    """Shares of all demand by threshold, then by county, then the heaviest places not covered."""
    side = 0 if language == "zh" else 1
    whole, goal = given["units"][0], f"{given['goal_minutes']:g}"
    if given["area"]["synthetic"]:
        yield PRACTICE[side].strip()
    duty = "  ".join(
        f"{word(kind, language)} {count}/{given['known'][kind]}" for kind, count in given["on_duty"].items()
    )
    yield f"{clean(given['area']['name'])}  {given['at'][:16].replace('T', ' ')}  {('在岗', 'on duty')[side]}: {duty}"
    yield f"{('分母', 'of')[side]}: {given['total']:,.0f}  {UNITS.get(given['unit'], (given['unit'],) * 2)[side]}"
    yield ""
    yield _row("", [f"{one:g} min" for one in given["minutes"]])
    yield _row(("有一支可到", "somebody in time")[side], _shares(whole["within"]))
    yield _row(("有两支可到", "two in time")[side], _shares(whole["twice"]))
    if whole["expected"] is not None:
        busy = (
            f"计忙碌（每小时 {given['per_hour']:.3g} 起）",
            f"somebody not out ({given['per_hour']:.3g} alerts/h)",
        )[side]
        yield _row(busy, _shares(whole["expected"]))
    for kind, shares in whole["by_kind"].items():
        yield _row(f"  {word(kind, language)}", _shares(shares))
    yield ""
    median, ninetieth = (_minutes(given[key]) for key in ("median_minutes", "ninetieth_minutes"))
    yield (
        f"最近力量到达：半数 {median} 分钟内，九成 {ninetieth} 分钟内",
        f"nearest: half within {median} min, nine tenths within {ninetieth} min",
    )[side]
    parts = [
        whole["within"][given["minutes"].index(given["goal_minutes"])],
        whole["uncovered"],
        whole["no_road"],
        whole["unplaced"],
    ]
    said = (
        f"{goal} 分钟内 {{}} + 未覆盖 {{}} + 无路可达 {{}} + 地点不明 {{}} = 100%",
        f"within {goal} min {{}} + not {{}} + no road leads there {{}} + no known place {{}} = 100%",
    )[side]
    yield said.format(*_shares(parts))
    yield ""
    yield from _counties(given, language)
    yield from _uncovered(given, language)


def _counties(given: Account, language: Language) -> Iterator[str]:
    counties = [one for one in given["units"] if one["level"] == "county"]
    if len(counties) > 1:
        for one in sorted(counties, key=lambda unit: -unit["uncovered"] * unit["weight"]):
            yield _row(f"  {clean(one['name']) or '?'}", _shares(one["within"]))
        yield ""
    del language


def _uncovered(given: Account, language: Language) -> Iterator[str]:
    points, goal = given["points"], given["minutes"].index(given["goal_minutes"])
    missing = [
        ((1.0 - share[goal]) * weight, row)
        for row, (share, weight) in enumerate(zip(points["within"], points["weight"], strict=True))
    ]
    worst = sorted((one for one in missing if one[0] > 1e-9), reverse=True)
    side = 0 if language == "zh" else 1
    yield (
        (f"未覆盖地点 {len(worst)} 处，最重的：", f"not covered: {len(worst)} places, the heaviest first")[
            side
        ]
        if worst
        else ("没有未覆盖地点", "no place is left uncovered")[side]
    )
    for weight, row in worst[:LISTED]:
        where = clean(f"{points['county'][row]}{points['town'][row]} {points['name'][row]}")
        yield f"  {_weight(weight):>10}  {where}  {_who(points, row, side)}"


def comparison_lines(found: Comparison, language: Language) -> Iterator[str]:
    """Shares before and after by county; places gained and lost."""
    side = 0 if language == "zh" else 1
    yield f"{found.before['at'][:16].replace('T', ' ')}  →  {found.after['at'][:16].replace('T', ' ')}"
    yield _row("", [f"{one:g} min" for one in found.minutes], 24)
    for one in found.changes:
        if one.level != "town":
            name = ("全域", "whole area")[side] if one.level == "area" else f"  {clean(one.name)}"
            yield _row(
                name,
                [f"{a:.1%} → {b:.1%} ({b - a:+.1%})" for a, b in zip(one.before, one.after, strict=True)],
                24,
            )
    for rows, words in (
        (found.gained, ("新覆盖", "newly covered")),
        (found.lost, ("不再覆盖", "no longer covered")),
    ):
        points = found.before["points"]
        weight = sum(points["weight"][row] for row in rows)
        yield f"{words[side]} ({found.goal_minutes:g} min): {len(rows)}, {_weight(weight)}"
        yield from (
            f"  {_weight(points['weight'][row]):>10}  "
            f"{clean(points['county'][row] + points['town'][row])} {clean(points['name'][row])}"
            for row in rows[:LISTED]
        )


def comparison_json(found: Comparison) -> dict[str, Any]:
    """The same as one object."""
    points = found.before["points"]
    return {
        "minutes": list(found.minutes),
        "goal_minutes": found.goal_minutes,
        "units": [
            {
                "level": one.level,
                "code": one.code,
                "name": one.name,
                "weight": one.weight,
                "before": list(one.before),
                "after": list(one.after),
            }
            for one in found.changes
        ],
        **{
            key: [
                {"id": points["id"][row], "name": points["name"][row], "weight": points["weight"][row]}
                for row in rows
            ]
            for key, rows in (("gained", found.gained), ("lost", found.lost))
        },
    }


def _row(name: str, cells: Sequence[str], width: int = 9) -> str:
    room = 30 - sum(ord(sign) > 0x2E7F for sign in name)  # a Chinese sign takes two columns
    return f"{name:<{max(1, room)}}" + "".join(f"{cell:>{width}}" for cell in cells)


def _shares(values: Sequence[float]) -> list[str]:
    return [f"{one:.1%}" for one in values]


def _minutes(value: float | None) -> str:
    return "—" if value is None else f"{value:.0f}"


def _weight(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def _who(points: dict[str, Any], row: int, side: int) -> str:
    """The quickest and its minutes, or why there is none."""
    if points["nearest"][row] is None:
        blocked = points["no_road"][row] > 0, points["unplaced"][row] > 0
        return (("无路可达", "no road"), ("地点不明", "no known place"), ("无人可去", "nobody may go"))[
            0 if blocked[0] else 1 if blocked[1] else 2
        ][side]
    return f"{_minutes(points['nearest'][row])} min {clean(points['first_responder'][row])}"
