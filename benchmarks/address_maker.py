"""Labelled addresses, written from an area's real names as people write and miswrite them.

Seeded: the same names, count and seed give the same rows. What a row determines is worked
out from the lists (`address_names`); a typo that happens to be another real name is not made.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.address_names import CHINESE, Names, Truth, Unit, core_of
from dispatch.places.divisions import divisions

MOST_TRIES = 300
DIGITS = dict(zip("一二三四五六七八九", "123456789", strict=True))
NEAR = ("附近", "对面", "旁边", "斜对面", "后面", "门口", "隔壁", "往前两百米", "村口")
EXTRA = "大小上下新老东西南北中里"
RIVALS_HINTED = 0.15
"""Of villages that share name and county, how often other evidence lies with the other."""
SHOPS = (
    "幸福宾馆305房", "好又多超市二楼", "如意旅馆208", "老地方饭店旁", "金太阳酒店1208房间", "便民药店楼上",
    "顺风快递点", "阿强五金店", "美宜佳隔壁出租屋402",
)  # fmt: skip
BEFORE = ("我家在", "住址：", "现住", "报警人称在", "户籍地:", "人在", "张先生 13800000000 ", "地址")
AFTER = ("，快点来", "(家里没人)", " 13900000000", "，电话打不通", "我妈家", "", "")
DECOYS = ("{}路8号", "{}城徐汇苑3栋", "{}大厦12楼", "{}大酒店", "{}小吃店", "{}花园2期", "{}商会")
FAR = ("上海", "北京", "广州", "深圳", "长沙", "重庆", "海口", "南京", "昆明", "杭州")
NO_PLACE = (
    "不知道", "在家", "出租屋", "楼下", "房东", "三楼", "手机关机", "电话打不通", "快递站", "老板", "单元", "室", "栋",
    "号", "楼", "层", "他不肯说", "没有地址", "同上", "暂住", "公司宿舍", "老人家", "停车场", "门口", "房间", "朋友家",
    "未填写", "路边", "附近", "工地",
)  # fmt: skip
# County names that people still write, and what became of them (茂港区, 2001-2014, went to 电白区, its
# 羊角镇 to 茂南区): practice area first, then the plain north of the Huai.
PAST = {
    "电白区": ("电白县",), "高州市": ("高州县",), "化州市": ("化州县", "化县"), "信宜市": ("信宜县",),
    "永城市": ("永城县",), "界首市": ("界首县",), "铜山区": ("铜山县",), "明光市": ("嘉山县",),
    "埇桥区": ("宿县",), "谯城区": ("亳县",),
}  # fmt: skip
PAST_OF_TOWN = dict.fromkeys(
    ("南海街道", "高地街道", "坡心镇", "七迳镇", "小良镇", "沙院镇", "羊角镇"), ("茂港区",)
)


@dataclass(frozen=True, slots=True)
class Part:
    """One name of an address: what it says, and how that is written. A typo says several things."""

    level: str
    says: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An address before it is one text: what stands above, the parts upper first, what follows."""

    parts: tuple[Part, ...]
    meant: Unit
    upper: tuple[str, ...] = ()
    tail: str = ""
    before: str = ""
    after: str = ""
    joint: str = ""
    turned: bool = False
    finish: tuple[Callable[[str], str], ...] = field(default=())

    def text(self) -> str:
        """The address as somebody sent it."""
        pieces = [*self.upper, *(part.written for part in self.parts), self.tail]
        if self.turned:
            pieces = [*(part.written for part in reversed(self.parts)), "".join(self.upper), self.tail]
        text = self.before + self.joint.join(filter(None, pieces)) + self.after
        for step in self.finish:
            text = step(text)
        return text


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled address.

    `group` is clean, one, two, short, hinted, town, named, outside, nothing, or one of those nobody can
    be sure of: torn (evidence of namesakes), misplaced (another town), unlisted (in no list).
    """

    text: str
    group: str
    corruptions: tuple[str, ...]
    meant: Unit | None
    truth: Truth
    hint: tuple[str, ...] = ()


Corruption = Callable[["Maker", Draft], Draft | None]


class Maker:
    """Writes addresses of one area's names."""

    def __init__(self, names: Names, seed: int) -> None:
        self.names, self.characters = names, names.characters
        self.rng = random.Random(seed)
        self.above = _upper_of_counties()
        self.own_counties = {unit.names[0] for unit in names.units if unit.level == "county"}
        cities = {self.above[county] for county in self.own_counties & set(self.above)}
        self.far_counties = sorted(county for county, upper in self.above.items() if upper not in cities)
        # a shop of that name really stands somewhere in some areas
        self.shops = [shop for shop in SHOPS if not self._names_in(shop)]
        self.villages = [unit for unit in names.units if self._usable(unit, ("village", "hamlet"))]
        self.towns = [unit for unit in names.units if self._usable(unit, ("township",))]
        self.counties = [unit for unit in names.units if unit.level == "county" and unit.key[0] in self.above]
        shared = Counter((unit.key[0], unit.core, unit.urban) for unit in self.villages)
        self.rivals = [unit for unit in self.villages if shared[unit.key[0], unit.core, unit.urban] > 1]
        kinds = ("hotel", "police", "hospital", "school", "market")
        self.named = [unit for unit in names.units if self._usable(unit, kinds)]

    def rows(self, count: int) -> Iterator[Row]:
        """About `count` rows: a sixth clean, two fifths with one corruption, a quarter with two, the rest others."""
        singles, pairs = [(name,) for name in CORRUPTIONS], list(pairs_of_corruptions())
        plan: list[tuple[str, int, Sequence[tuple[str, ...]]]] = [
            ("clean", count * 16 // 100, [()]),
            ("one", count * 38 // 100, singles),
            ("two", count * 25 // 100, pairs),
        ]
        for group, number, kinds in plan:
            for n in range(number):
                row = self._made(group, kinds[n % len(kinds)])
                if row is not None:
                    yield row
        rest = count - sum(number for _, number, _ in plan)
        others = (
            self._short,
            self._short,
            self._hinted,
            self._town,
            self._named,
            self._outside,
            self._nothing,
            self._torn,
            self._misplaced,
            self._unlisted,
        )
        for n in range(rest):
            yield others[n % len(others)]()

    def _names_in(self, text: str) -> bool:
        """Whether two signs or more of a text are a name of the lists."""
        pieces = (text[start:end] for start in range(len(text)) for end in range(start + 2, len(text) + 1))
        return any(piece in self.names.by_form for piece in pieces)

    def _usable(self, unit: Unit, levels: Sequence[str]) -> bool:
        placed = unit.key[0] in self.above and bool(unit.key[1])
        written = CHINESE.fullmatch(unit.names[0]) is not None and "虚拟" not in unit.names[0]
        return unit.level in levels and placed and written

    # drafts

    def draft(self, meant: Unit) -> Draft:
        """A full and correct address of a unit, in one of the ways officers write it."""
        county, township = meant.key[0], meant.key[1]
        parts = [Part("county", (county,), county)]
        if meant.level != "township":
            parts.append(Part("township", (township,), township))
        name = meant.names[0]
        if meant.level in ("village", "hamlet") and self.rng.random() < 0.5:
            ends = ("社区", "居委会") if meant.urban else ("村", "村委会")
            name = meant.core + self.rng.choice(ends)
        parts.append(Part(meant.level, (name,), name))
        province, city = self.above[county]
        upper = self.rng.choice(((province, city), (province, city), (city,), ()))
        return Draft(tuple(parts), meant, tuple(filter(None, upper)), self._door())

    def _door(self) -> str:
        n, m = self.rng.randint(1, 160), self.rng.randint(1, 30)
        doors = (
            "",
            "",
            f"{n}号",
            f"{n}号",
            f"{m}组{n}号",
            f"{m}栋{m}0{n % 9 + 1}房",
            f"第{m}村民小组",
            f"{m}巷{n}号之一",
        )
        return self.rng.choice(doors)

    def _made(self, group: str, corruptions: tuple[str, ...]) -> Row | None:
        """A row with those corruptions; None where hardly any address of the area can have them."""
        for _ in range(MOST_TRIES):
            draft: Draft | None = self.draft(self.rng.choice(self.villages))
            for name in corruptions:
                draft = CORRUPTIONS[name](self, draft) if draft is not None else None
            if draft is not None and not self._town_is_meant(draft):
                return self._row(draft, group, corruptions)
        return None

    def _town_is_meant(self, draft: Draft) -> bool:
        """Whether a village is written by a bare name that another town bears: everyone reads the town."""
        if draft.meant.level == "township" or draft.parts[-1].written != draft.meant.core:
            return False
        bearers = self.names.by_form.get(draft.meant.core, ())
        return any(unit.level == "township" and unit.key[:2] != draft.meant.key[:2] for unit, _ in bearers)

    def _row(
        self, draft: Draft, group: str, corruptions: tuple[str, ...] = (), hint: tuple[str, ...] = ()
    ) -> Row:
        readings = list(itertools.product(*(part.says for part in draft.parts)))
        upper = {_short_upper(name) for name in draft.upper}
        truth = self.names.truth(
            draft.meant,
            readings,
            lambda county: county not in self.above or upper <= set(map(_short_upper, self.above[county])),
        )
        return Row(draft.text(), group, corruptions, draft.meant, truth, hint)

    # rows of their own kind

    def _short(self) -> Row:
        """A village or town name that others bear too, with no unit above, or one that does not help."""
        while True:
            meant = self.rng.choice(self.villages if self.rng.random() < 0.95 else self.towns)
            draft = self.draft(meant)
            keep = 1 if self.rng.random() < 0.7 else 2
            upper = draft.upper if keep == 2 or self.rng.random() < 0.3 else ()
            parts = draft.parts[-1:] if keep == 1 else (draft.parts[0], draft.parts[-1])
            draft = replace(draft, parts=parts, upper=upper)
            row = self._row(draft, "short")
            if not self._town_is_meant(draft) and row.truth.decided in ("county", "nothing"):
                return row

    def _hinted(self) -> Row:
        """The same, where other evidence lies in the town meant."""
        row = self._short()
        while row.meant is None or row.meant.level == "township":
            row = self._short()
        town = self._town_of(row.meant)
        inside = [one for one in self.names.meanings((row.meant.names[0],)) if one.key[:2] == town.key[:2]]
        sole = len({unit.key for unit in inside}) <= 1
        return replace(row, group="hinted", hint=(town.code,), truth=Truth("unit" if sole else "township", 1))

    def _torn(self) -> Row:
        """A name that several villages of one county bear, where other evidence lies with one of them."""
        meant = self.rng.choice(self.rivals)
        draft = self.draft(meant)
        draft = replace(
            draft, parts=draft.parts[-1:] if self.rng.random() < 0.5 else (draft.parts[0], draft.parts[-1])
        )
        bearers = [
            unit for unit in self.names.meanings((draft.parts[-1].written,)) if unit.key[0] == meant.key[0]
        ]
        others = [unit for unit in bearers if unit.key[:2] != meant.key[:2]]
        hinted = self.rng.choice(others) if others and self.rng.random() < RIVALS_HINTED else meant
        row = self._row(draft, "torn", hint=(self._town_of(hinted).code,))
        return replace(row, truth=Truth("unsure", len(bearers)))

    def _misplaced(self) -> Row:
        """A village in a town of its county where it does not lie, merged away or misremembered; or one unlisted."""
        if self.rng.random() < 0.5:
            return self._unlisted()
        while True:
            meant = self.rng.choice(self.villages)
            draft, town = self.draft(meant), self._neighbour(meant)
            if town is not None and not self._borne_in(draft.parts[-1].written, town):
                part = Part("township", (town.names[0],), town.names[0])
                row = self._row(_with(draft, "township", part), "misplaced")
                return replace(row, truth=Truth("unsure", 2))

    def _unlisted(self) -> Row:
        """A place that no list has, by a name of elsewhere or like a neighbour's; its town or county is meant."""
        while True:
            near = self.rng.choice(self.villages)
            above = self.rng.choice((*["town"] * 5, "county", "nothing"))
            draft = self.draft(near)
            name = self._borrowed(near) if above == "town" else self._invented(near)
            name += self.rng.choice(("村", "村", "村", "村委会", ""))
            town = self._town_of(near)
            if self._borne_in(name, town) or (above != "town" and self._names_in(name)):
                continue
            kept = {"town": 2, "county": 1, "nothing": 0}[above]
            parts = (*draft.parts[:kept], Part("hamlet", (name,), name))
            text = replace(draft, parts=parts, upper=draft.upper if kept else ()).text()
            counties = [
                unit for unit in self.names.units if unit.level == "county" and unit.key[0] == near.key[0]
            ]
            meant = town if above == "town" else counties[0] if above == "county" and counties else None
            return Row(text, "unlisted", (), meant, Truth("unsure", 1))

    def _borrowed(self, near: Unit) -> str:
        """The name of a village elsewhere, half the time of the same county, or now and then one like a neighbour's."""
        if self.rng.random() < 0.25:
            return self._invented(near)
        others = self.villages
        if self.rng.random() < 0.5:
            others = [unit for unit in others if unit.key[0] == near.key[0]]
        return self.rng.choice(others).core

    def _invented(self, near: Unit) -> str:
        """A village's name with one sign of another's, at the same end; or of two villages' signs."""
        core, other = near.core, self.rng.choice(self.villages).core
        if self.rng.random() < 0.3:
            return other[0] + core[1:]
        if self.rng.random() < 0.5:
            return core[:-1] + other[-1]
        at = self.rng.randrange(len(core))
        alike = self.characters.sound.get(core[at], set()) | self.characters.shape.get(core[at], set())
        return core[:at] + (self.rng.choice(sorted(alike)) if alike else other[0]) + core[at + 1 :]

    def _neighbour(self, meant: Unit) -> Unit | None:
        """Another town of the same county."""
        others = [unit for unit in self.towns if unit.key[0] == meant.key[0] and unit.key[1] != meant.key[1]]
        return self.rng.choice(others) if others else None

    def _borne_in(self, written: str, town: Unit) -> bool:
        return any(unit.key[:2] == town.key[:2] for unit, _ in self.names.by_form.get(written, ()))

    def _town_of(self, unit: Unit) -> Unit:
        above = (self.names.unit_of_row[at] for at in unit.above if at in self.names.unit_of_row)
        return next((one for one in above if one.level == "township"), unit)

    def _town(self) -> Row:
        """A town, now and then a county, with nothing else, or a road or shop that no list has."""
        if self.rng.random() < 0.2:
            county = self.rng.choice(self.counties)
            name = self.rng.choice((county.names[0], county.core, *PAST.get(county.names[0], ())))
            upper = self.rng.choice((self.above[county.names[0]], self.above[county.names[0]][1:], ()))
            return self._row(
                Draft((Part("county", (name,), name),), county, tuple(filter(None, upper))), "town"
            )
        draft = self.draft(self.rng.choice(self.towns))
        tail = self.rng.choice(
            ("", "", self.rng.choice(DECOYS).format(self.rng.choice(FAR)), self.rng.choice(self.shops))
        )
        return self._row(replace(draft, tail=tail), "town")

    def _named(self) -> Row:
        """A hotel, a station, a school, often with a room; a third of them with units above left out."""
        draft = self.draft(self.rng.choice(self.named))
        room = f"{self.rng.randint(2, 12)}0{self.rng.randint(1, 9)}"
        tail = self.rng.choice((room, room + "房", "", "对面", "旁边"))
        kept = self.rng.choice((0, 1, 2, 2, 2, 2))
        short = replace(draft, parts=(*draft.parts[:kept], draft.parts[-1]), tail=tail)
        row = self._row(short if kept else replace(short, upper=()), "named")
        return row if row.truth.decided == "unit" else self._row(replace(draft, tail=tail), "named")

    def _outside(self) -> Row:
        """An address of elsewhere, most often with a name of ours in it."""
        county = self.rng.choice(self.far_counties)
        province, city = self.above[county]
        own = self.rng.choice((*self.villages, *self.towns))
        ends = (own.names[0], own.names[0], own.core + "路", "解放路", "")
        upper = (province, city) if self.rng.random() < 0.5 else (city or province,)
        text = "".join(upper) + county + self.rng.choice(ends) + self._door()
        return Row(text, "outside", (), None, Truth("outside", 0))

    def _nothing(self) -> Row:
        """Words without any place in them: no two signs or more are a name of the lists."""
        while True:
            words = self.rng.choices((*NO_PLACE, str(self.rng.randint(1, 9999))), k=self.rng.randint(1, 4))
            text = self.rng.choice(("", "", " ", "，")).join(words)
            if not self._names_in(text):
                return Row(text, "nothing", (), None, Truth("outside", 0))


def _short_upper(name: str) -> str:
    return name.removesuffix("省").removesuffix("市")


def _upper_of_counties() -> dict[str, tuple[str, str]]:
    """Counties of China whose name is theirs alone: province and city by name."""
    listed = dict(divisions())
    found: dict[str, list[tuple[str, str]]] = {}
    for code, name in listed.items():
        if len(code) == 6:
            found.setdefault(name, []).append((listed[code[:2]], listed.get(code[:4], "")))
    return {name: upper[0] for name, upper in found.items() if len(upper) == 1}


# corruptions: each gives a draft with one thing wrong, or None where it does not apply


def _missing(maker: Maker, draft: Draft) -> Draft | None:
    choices = (("township",), ("county",), ("county", "township"))
    gone = maker.rng.choice(choices)
    parts = tuple(part for part in draft.parts if part.level not in gone)
    return replace(draft, parts=parts, upper=draft.upper if "county" not in gone else ())


def _no_suffix(_: Maker, draft: Draft) -> Draft | None:
    parts = []
    for part in draft.parts:
        short = draft.meant.core if part is draft.parts[-1] else core_of(part.written, part.level)
        parts.append(replace(part, says=(short,), written=short))
    return replace(draft, parts=tuple(parts), upper=tuple(map(_short_upper, draft.upper)))


def _old_name(maker: Maker, draft: Draft) -> Draft | None:
    county, town = (_part(draft, level) for level in ("county", "township"))
    if county is None:
        return None
    past = (*PAST.get(county.written, ()), *(PAST_OF_TOWN.get(town.written, ()) if town else ()))
    if past:
        return _with(draft, "county", replace(county, written=maker.rng.choice(past)))
    if town is not None and town.written.endswith("街道"):
        return _with(draft, "township", replace(town, written=town.written.removesuffix("街道") + "镇"))
    return None


def _traditional(maker: Maker, draft: Draft) -> Draft | None:
    table = maker.characters.traditional
    return _finished(draft, lambda text: "".join(table.get(sign, sign) for sign in text))


def _full_width(maker: Maker, draft: Draft) -> Draft | None:
    tail = draft.tail or f"A座{maker.rng.randint(1, 99)}号"
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
    return _finished(replace(draft, tail=tail), lambda text: text.translate(wide))


def _spaces(maker: Maker, draft: Draft) -> Draft | None:
    joint = maker.rng.choice((" ", "  ", "，", "、", "-", "/", "　", ", ", ">", "。", "|"))
    return replace(draft, joint=joint)


def _repeated(maker: Maker, draft: Draft) -> Draft | None:
    at = maker.rng.randrange(len(draft.parts))
    part = draft.parts[at]
    if maker.rng.random() < 0.3 and draft.upper:
        return replace(draft, upper=(*draft.upper, *draft.upper))
    return _with(draft, part.level, replace(part, written=part.written * 2))


def _wrong_order(maker: Maker, draft: Draft) -> Draft | None:
    if len(draft.parts) < 2:
        return None
    return replace(draft, turned=True, joint=draft.joint or maker.rng.choice((" ", "，", "")))


def _numerals(maker: Maker, draft: Draft) -> Draft | None:
    signs = str.maketrans(DIGITS)
    changed = [
        part
        for part in draft.parts
        if part.level != "county" and part.written != part.written.translate(signs)
    ]
    if changed:
        part = maker.rng.choice(changed)
        return _with(draft, part.level, replace(part, written=part.written.translate(signs)))
    back = str.maketrans({arabic: chinese for chinese, arabic in DIGITS.items()} | {"0": "零"})
    tail = draft.tail if any(sign.isdigit() for sign in draft.tail) else f"{maker.rng.randint(1, 99)}号"
    return replace(draft, tail=tail.translate(back))


def _typo(table: str) -> Corruption:
    def corrupt(maker: Maker, draft: Draft) -> Draft | None:
        others: dict[str, set[str]] = getattr(maker.characters, table)
        part = maker.rng.choice(draft.parts)
        short = draft.meant.core if part is draft.parts[-1] else part.written[:-1]
        places = [at for at in range(min(len(short), len(part.written))) if others.get(part.written[at])]
        for at in maker.rng.sample(places, len(places)):
            wrong = maker.rng.choice(sorted(others[part.written[at]]))
            written = part.written[:at] + wrong + part.written[at + 1 :]
            if written in maker.names.by_form:
                continue
            says = tuple(sorted(maker.names.meant_by_typo(written) | set(part.says)))
            return _with(draft, part.level, replace(part, says=says, written=written))
        return None

    return corrupt


def _slip(maker: Maker, draft: Draft, spoil: Callable[[str], Sequence[str]]) -> Draft | None:
    """One part of the draft with its own name spoilt, if what is left is no other name."""
    part = maker.rng.choice(draft.parts)
    short = draft.meant.core if part is draft.parts[-1] else core_of(part.written, part.level)
    if not part.written.startswith(short):
        return None
    spoilt = [one + part.written[len(short) :] for one in spoil(short)]
    left = [one for one in spoilt if one not in maker.names.by_form]
    if not left:
        return None
    written = maker.rng.choice(left)
    says = tuple(sorted(maker.names.meant_by_slip(written) | set(part.says)))
    return _with(draft, part.level, replace(part, says=says, written=written))


def _left_out(maker: Maker, draft: Draft) -> Draft | None:
    return _slip(
        maker, draft, lambda name: [name[:at] + name[at + 1 :] for at in range(len(name)) if len(name) > 2]
    )


def _too_many(maker: Maker, draft: Draft) -> Draft | None:
    def spoil(name: str) -> list[str]:
        at = maker.rng.randint(1, len(name) - 1)
        return [name[:at] + sign + name[at:] for sign in (name[at], name[at - 1], maker.rng.choice(EXTRA))]

    return _slip(maker, draft, spoil)


def _near(maker: Maker, draft: Draft) -> Draft | None:
    return replace(draft, tail=draft.tail + maker.rng.choice(NEAR))


def _shop(maker: Maker, draft: Draft) -> Draft | None:
    door = draft.tail if maker.rng.random() < 0.3 else ""
    return replace(draft, tail=door + maker.rng.choice(maker.shops))


def _decoy(maker: Maker, draft: Draft) -> Draft | None:
    own = maker.rng.choice((*maker.towns, *maker.villages)).core
    name = maker.rng.choice((maker.rng.choice(FAR), maker.rng.choice(FAR), own, draft.meant.key[0][:-1]))
    return replace(draft, tail=maker.rng.choice(DECOYS).format(name))


def _around(maker: Maker, draft: Draft) -> Draft | None:
    return replace(draft, before=maker.rng.choice(BEFORE), after=maker.rng.choice(AFTER))


def _part(draft: Draft, level: str) -> Part | None:
    return next((part for part in draft.parts if part.level == level), None)


def _with(draft: Draft, level: str, part: Part) -> Draft:
    return replace(draft, parts=tuple(part if one.level == level else one for one in draft.parts))


def _finished(draft: Draft, step: Callable[[str], str]) -> Draft:
    return replace(draft, finish=(*draft.finish, step))


CORRUPTIONS: dict[str, Corruption] = {
    "missing levels": _missing,
    "old county or town name": _old_name,
    "suffixes dropped": _no_suffix,
    "sound-alike sign": _typo("sound"),
    "look-alike sign": _typo("shape"),
    "sign left out": _left_out,
    "sign too many": _too_many,
    "numerals": _numerals,
    "shop or hotel, room": _shop,
    "another place's name": _decoy,
    "near, opposite": _near,
    "repeated parts": _repeated,
    "wrong order": _wrong_order,
    "text around": _around,
    "spaces, punctuation": _spaces,
    "traditional": _traditional,
    "full width": _full_width,
}
"""In the order they are applied when two come together."""

# the second would undo the first, or both write the same sign
_NEVER_TOGETHER = {
    ("suffixes dropped", "old county or town name"),
    ("shop or hotel, room", "another place's name"),
}


def pairs_of_corruptions() -> Iterator[tuple[str, str]]:
    """Every two corruptions that can come together."""
    for pair in itertools.combinations(CORRUPTIONS, 2):
        if pair not in _NEVER_TOGETHER and pair[::-1] not in _NEVER_TOGETHER:
            yield pair
