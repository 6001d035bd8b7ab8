"""The report on addresses as tables to read, and its goals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Goal = dict[str, Any]


def goals(report: dict[str, Any]) -> list[Goal]:
    """Every goal with what was measured, over all areas together (shares by rows)."""
    areas = list(report["areas"].values())
    return [
        _goal("right village, clean", _worst(areas, "clean"), 0.99),
        _goal("right village, one corruption", _worst(areas, "one"), 0.97),
        _goal("right village, two corruptions", _worst(areas, "two"), 0.92),
        _goal("right county", min(area["right_county"] for area in areas), 0.999),
        _goal("wrong county with probability >= 0.5, per 10,000", _wrong(areas), 1.0, most=True),
        _goal("ambiguous recognised", min(area["ambiguous_recognised"] for area in areas), 0.99),
        _goal("clean addresses a second", _slowest(areas, "clean"), 20_000),
        _goal("corrupted addresses a second", _slowest(areas, "corrupted mix"), 5_000),
        _goal("megabytes in all, 100,000 entries", report["large"]["peak_megabytes"], 300, most=True),
    ]


def _goal(name: str, measured: float, limit: float, *, most: bool = False) -> Goal:
    met = measured <= limit if most else measured >= limit
    return {"goal": name, "limit": limit, "at_most": most, "measured": measured, "met": met}


def _worst(areas: Sequence[dict[str, Any]], group: str) -> float:
    return min(float(area["right_place"][group]) for area in areas)


def _slowest(areas: Sequence[dict[str, Any]], group: str) -> int:
    return min(int(area["addresses_per_second"][group]) for area in areas)


def _wrong(areas: Sequence[dict[str, Any]]) -> float:
    rows = sum(area["rows"] for area in areas)
    return round(1e4 * sum(area["wrong_county_likely"] for area in areas) / rows, 2)


def text(report: dict[str, Any], *, missed: bool = False) -> str:
    """All tables, in the form of docs/geocoding.md."""
    parts = [f"seed {report['seed']}\n\n## Goals (the worse of the areas)\n"]
    parts.append(_table(("goal", "limit", "measured", "met"), (
        (one["goal"], f"{'≤' if one['at_most'] else '≥'} {one['limit']:,}", f"{one['measured']:,}", "yes" if one["met"] else "NO")
        for one in report["goals"]
    )))  # fmt: skip
    for name, area in report["areas"].items():
        parts.append(_area(name, area))
    parts.append("\n## By hand\n" + _by_hand(report["by_hand"]))
    parts.append("\n## Other tools, same rows\n" + _others(report["others"]))
    large = "\n".join(f"- {name}: {value:,}" for name, value in report["large"].items())
    parts.append(f"\n## {report['large']['entries']:,} entries\n\n{large}\n")
    if missed:
        parts.append(_missed(report))
    return "".join(parts)


def _area(name: str, area: dict[str, Any]) -> str:
    singles = {kind: row for kind, row in area["by_corruption"].items() if " + " not in kind}
    pairs = {kind: row for kind, row in area["by_corruption"].items() if " + " in kind}
    worst = sorted(pairs.items(), key=lambda pair: float(pair[1]["right_village"]))[:10]
    keys = (
        "rows", "right_county", "wrong_county_likely", "right_township_where_only_that_is_determined",
        "ambiguous_rows", "ambiguous_recognised", "ambiguous_meant_among_candidates",
        "outside_rows", "outside_without_candidate", "outside_said", "nothing_rows", "nothing_without_candidate",
    )  # fmt: skip
    lines = "\n".join(f"- {key.replace('_', ' ')}: {_shown(area[key])}" for key in keys)
    groups = _table(
        ("rows", "right place", "addresses a second"),
        (
            (group, _shown(right), f"{area['addresses_per_second'].get(group, 0):,}")
            for group, right in area["right_place"].items()
        ),
    )
    return (
        f"\n## {name}\n\n{lines}\n{groups}\nOne corruption, and the ten worst pairs\n"
        + _kinds((*singles.items(), *worst))
        + "\nReliability\n"
        + _reliability(area["reliability"])
    )


def _kinds(rows: Iterable[tuple[str, dict[str, Any]]]) -> str:
    return _table(
        ("corruption", "rows", "right village", "right county", "likely wrong county"),
        (
            (
                name,
                one["rows"],
                _shown(one["right_village"]),
                _shown(one["right_county"]),
                one["wrong_county_likely"],
            )
            for name, one in rows
        ),
    )


def _reliability(rows: Sequence[dict[str, Any]]) -> str:
    return _table(
        ("probability", "candidates", "mean", "share right"),
        (
            (
                f"{one['from']:.2f}–{one['to']:.2f}",
                one["candidates"],
                one["mean_probability"],
                one["share_right"],
            )
            for one in rows
        ),
    )


def _by_hand(hand: dict[str, Any]) -> str:
    verdicts = ", ".join(f"{name} {_shown(right)}" for name, right in hand["by_verdict"].items())
    styles = _table(
        ("style", "rows", "right"),
        ((style, one["rows"], _shown(one["right"])) for style, one in hand["by_style"].items()),
    )
    return (
        f"\n- rows: {hand['rows']}\n- right: {_shown(hand['right'])} ({verdicts})\n"
        f"- likely wrong county: {hand['wrong_county_likely']}\n{styles}\n"
        + _reliability(hand["reliability"])
    )


def _others(others: dict[str, Any]) -> str:
    keys = (
        "right_county", "right_village", "village_clean", "village_one", "village_two",
        "wrong_county_stated", "outside_placed_inside", "addresses_per_second",
    )  # fmt: skip
    rows = []
    for name, one in others.items():
        if isinstance(one, dict):
            rows.append((name, *(_shown(one.get(key)) for key in keys)))
        elif isinstance(one, str):
            rows.append((name, one, *("" for _ in keys[1:])))
    heading = f"\n{others['rows']} rows that determine their village, {others['outside_rows']} from outside\n"
    return heading + _table(("tool", *(key.replace("_", " ") for key in keys)), rows)


def _missed(report: dict[str, Any]) -> str:
    groups = {
        name: area["examples_of_missed"] + area["examples_of_wrong"] + area["examples_of_overconfident"]
        for name, area in report["areas"].items()
    }
    groups["by hand"] = report["by_hand"]["examples_of_missed"]
    found = ["\n## Missed\n"]
    for name, rows in groups.items():
        columns = ("kind", "text", "meant", "said")
        cells = (tuple(str(one.get(key, "")).replace("|", "¦") for key in columns) for one in rows)
        found += [f"\n{name}\n", _table(columns, cells)]
    return "".join(found)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.2f} %" if isinstance(value, float) else f"{value:,}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(["", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *lines, ""])
