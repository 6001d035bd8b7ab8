"""Addresses: what is named is found, what is ambiguous stays so, what is elsewhere is nothing."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from names import LISTS, MISSING, entry, maoming

from dispatch.places import sure
from dispatch.places.characters import likeness
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import Geocoder, geocode
from dispatch.places.settings import default_settings
from dispatch.places.sure import sureness
from dispatch.places.text import clean, core, fold, other_numerals

# real county names of Maoming, so that the list of China's divisions knows the area
ROWS = [
    entry("440900", "茂名市", "city", 110.9, 21.7),
    entry("440981", "高州市", "county", 110.85, 21.92, "440900"),
    entry("440904", "电白区", "county", 111.0, 21.5, "440900"),
    entry("T1", "长坡镇", "township", 111.05, 21.98, "440981"),
    entry("T2", "水东街道", "township", 111.02, 21.51, "440904"),
    entry("T3", "沙田镇", "township", 110.75, 21.85, "440981"),
    entry("V1", "旺沙村委会", "village", 111.06, 21.99, "T1"),
    entry("V2", "新村村委会", "village", 111.04, 21.97, "T1"),
    entry("V3", "新村村委会", "village", 111.03, 21.53, "T2"),
    entry("V4", "东阳北街社区居委会", "village", 111.01, 21.50, "T2"),
    entry("V5", "长坡居委会", "village", 111.05, 21.98, "T1"),
    entry("V6", "沙田村委会", "village", 111.08, 21.95, "T1"),
    entry("V7", "海口村委会", "village", 111.10, 21.52, "T2"),
    entry("S1", "迎宾大道", "street", 111.02, 21.51, "T2"),
    entry("H1", "如家酒店(水东店)", "hotel", 111.02, 21.515, "T2"),
]
SMALL = Gazetteer(pd.DataFrame(ROWS))


def first(address: str, hint: frozenset[str] = frozenset()):
    return geocode([address], SMALL, [hint])[0][0]


@pytest.mark.parametrize(
    "address",
    [
        "广东省茂名市高州市长坡镇旺沙村民委员会",
        "高州长坡旺沙",
        "高州市,长坡镇 旺沙村!!",
        "高州市长坡镇长坡镇旺沙村12号",
        "旺沙村长坡镇高州市",
        "高州市旺沙村委会",
        "长坡镇旺沙村",
        "Ｎｏ．１２ 高州市长坡镇旺沙村",
    ],
)
def test_levels_may_be_missing_shortened_repeated_or_turned_round(address):
    found = first(address)
    assert (found.code, found.level, found.path) == ("V1", "village", ("高州市", "长坡镇", "旺沙村委会"))
    assert found.probability > 0.6


def test_what_was_used_and_what_was_not_are_both_said():
    found = first("高州市长坡镇旺沙村12号后面")
    assert (found.used, found.unused) == ("高州市长坡镇旺沙村", "12号后面")


def test_a_village_name_borne_twice_gives_both_and_neither_is_likely():
    found = geocode(["新村"], SMALL)[0]
    assert {one.code for one in found} == {"V2", "V3"}
    assert all(one.probability < 0.5 for one in found)


@pytest.mark.parametrize(("context", "code"), [("长坡", "V2"), ("电白", "V3"), ("水东街道", "V3")])
def test_context_tells_villages_of_one_name_apart(context, code):
    assert first(context + "新村").code == code


def test_other_evidence_tells_villages_of_one_name_apart():
    assert first("新村", frozenset({"440904", "T2"})).code == "V3"


def test_a_town_and_a_village_of_one_name_are_told_apart_by_the_suffix():
    assert first("高州市沙田镇").code == "T3"
    assert first("高州市长坡镇沙田村").code == "V6"
    assert first("高州市长坡镇长坡社区").code == "V5"
    assert first("高州长坡").code == "T1"


@pytest.mark.parametrize(
    "address", ["高州市水东街道东阳北街社区", "电白区长坡镇旺沙村", "湖南省高州市长坡镇旺沙村"]
)
def test_contradicting_levels_are_never_called_likely(address):
    assert all(one.probability < 0.5 for one in geocode([address], SMALL)[0])


def test_streets_and_hotels_are_found_and_house_numbers_left_over():
    assert first("电白区水东街道迎宾大道88号").code == "S1"
    found = first("电白水东如家酒店（水东店）305房")
    assert (found.code, found.unused) == ("H1", "305房")


def test_a_road_named_after_a_place_is_not_in_that_place():
    assert first("电白区水东街道高州路8号").code == "T2"
    assert first("电白区水东街道上海路8号").code == "T2"


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("广州市天河区新村", "广州市"),
        ("广西南宁市新村", "广西"),
        ("伊宁市上海城徐汇苑", "伊宁市"),
        ("长沙新村", "长沙"),
        ("张三，湖南省长沙市新村", "湖南省"),
    ],
)
def test_a_text_from_elsewhere_gives_nothing_and_says_where(address, named):
    answer = Geocoder(SMALL).look_up(address)
    assert (answer.candidates, answer.note, answer.elsewhere) == ((), "outside", named)


def test_a_village_that_sounds_like_a_far_city_is_still_the_village():
    assert first("海口村委会").code == "V7"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "empty"),
        (" \t。", "empty"),
        (None, "empty"),
        (float("nan"), "empty"),
        ("{{7*7}}", "unmatched"),
        ("不知道", "unmatched"),
    ],
)
def test_empty_and_absurd_texts_give_no_candidate_and_a_reason(text, note):
    answer = Geocoder(SMALL).look_up(text)
    assert (answer.candidates, answer.note) == ((), note)


def test_where_no_county_is_known_a_foreign_name_only_lowers_the_odds():
    lone = Gazetteer(pd.DataFrame([entry("T1", "黎集镇", "township", 115.8, 32.1)]))
    found = geocode(["河南省信阳市固始县黎集镇"], lone)[0][0]
    assert found.code == "T1"
    assert found.probability < 0.5


@given(st.text(max_size=300))
@example("新村" * 5000)
@example("ﷺ" * 400)
@example("\ud800高州市")
@example("高州市长坡镇" * 100)
def test_no_text_breaks_it_and_probabilities_sum_to_at_most_one(text):
    (found,) = geocode([text], SMALL)
    assert sum(one.probability for one in found) <= 1.0 + 1e-9
    assert all(one.code in SMALL for one in found)


@given(
    st.lists(
        st.sampled_from([str(row["name"]) for row in ROWS] + ["新", "村", "路", "12号", "广州市"]),
        max_size=12,
    )
)
def test_names_in_any_heap_give_ordered_candidates(names):
    (found,) = geocode(["".join(names)], SMALL)
    odds = [one.probability for one in found]
    assert odds == sorted(odds, reverse=True)
    assert sum(odds) <= 1.0 + 1e-9


def test_hostile_text_takes_no_longer_than_any_other():
    started = time.perf_counter()
    geocode(["新村旺沙长坡" * 100_000, "(" * 1_000_000, "新" * 1_000_000], SMALL)
    assert time.perf_counter() - started < 2.0  # seconds


CROWDED = Gazetteer(
    pd.DataFrame(
        [
            *ROWS,
            *(entry(f"X{n}", "解放路", "street", 111.0, 21.5 + n / 100, f"T{n % 3 + 1}") for n in range(90)),
        ]
    )
)


def test_a_name_that_everybody_bears_gives_nothing_and_says_so():
    answer = Geocoder(CROWDED).look_up("解放路12号")
    assert (answer.candidates, answer.note) == ((), "ambiguous")


def test_a_name_that_everybody_bears_is_looked_for_in_the_town_named():
    found = geocode(["水东街道解放路12号"], CROWDED)[0]
    assert found
    assert {one.path[1] for one in found} == {"水东街道"}


needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason=MISSING)


@needs_lists
def test_every_village_of_maoming_is_found_by_its_full_address():
    gazetteer, villages, texts = _maoming_texts(lambda c, t, v: f"广东省茂名市{c}{t}{v}")
    found = geocode(texts, gazetteer)
    assert [one[0].code for one in found] == villages
    assert min(one[0].probability for one in found) > 0.7


@needs_lists
@pytest.mark.parametrize("shape", ["county town", "town", "county", "name alone"])
def test_short_forms_are_right_or_doubtful_and_never_in_the_wrong_county(shape):
    def write(county: str, town: str, village: str) -> str:
        before = {
            "county town": core(county, "county") + core(town, "township"),
            "town": town,
            "county": county,
        }
        return before.get(shape, "") + village

    gazetteer, villages, texts = _maoming_texts(write)
    found = geocode(texts, gazetteer)
    right = sum(bool(one) and one[0].code == code for one, code in zip(found, villages, strict=True))
    assert right / len(villages) > (0.85 if shape == "name alone" else 0.98)
    wrong = [
        text
        for text, one, code in zip(texts, found, villages, strict=True)
        if one and one[0].probability >= 0.5 and one[0].code[:6] != code[:6]
    ]
    assert wrong == []


@needs_lists
def test_a_thousand_addresses_a_second_at_the_least():
    gazetteer, _, texts = _maoming_texts(lambda c, t, v: f"{c}{t}{v}")
    geocode(texts[:10], gazetteer)
    started = time.process_time()
    geocode(texts, gazetteer)
    assert len(texts) / (time.process_time() - started) > 1000


@cache
def _maoming() -> Gazetteer:
    return Gazetteer(*maoming())


def _maoming_texts(write):
    frame, gazetteer = maoming()[0], _maoming()
    names = dict(zip(frame["code"], frame["name"], strict=True))
    villages = frame[(frame["level"] == "village") & ~frame["name"].str.contains("虚拟")]
    texts = [
        write(names[code[:6]], names[code[:9]], name)
        for code, name in zip(villages["code"], villages["name"], strict=True)
    ]
    return gazetteer, villages["code"].tolist(), texts


def test_cleaning_keeps_letters_digits_and_chinese_signs():
    assert clean("高州市（长坡镇）, Ａ座 3-502") == "高州市长坡镇a座3502"


def maoming_first(address: str):
    return geocode([address], _maoming())[0][0]


@needs_lists
@pytest.mark.parametrize(
    ("address", "path"),
    [
        # one sign wrong, by sound or by shape, in each level
        ("广东省茂名市高洲市长坡镇旺沙村委会", "高州市 长坡镇 旺沙村委会"),
        ("高州市常坡镇旺沙村", "高州市 长坡镇 旺沙村委会"),
        ("高州市长坡镇望沙村12号", "高州市 长坡镇 旺沙村委会"),
        ("高州市长波镇旺沙村", "高州市 长坡镇 旺沙村委会"),
        # traditional signs, blanks, full width, and all at once with a wrong sign
        ("廣東省茂名市電白區水東街道東陽北街社區", "电白区 水东街道 东阳北街社区居委会"),
        ("電 白 區，水 東，东阳北街１２号", "电白区 水东街道 东阳北街社区居委会"),
        # former names: county of 2013, a district merged away, a town that became streets
        ("茂名市电白县水东镇东阳北街", "电白区 水东街道 东阳北街社区居委会"),
        ("茂港区水东街道东阳北街社区", "电白区 水东街道 东阳北街社区居委会"),
        # said twice, turned round, beside
        ("高州市高州市长坡镇旺沙村旺沙村", "高州市 长坡镇 旺沙村委会"),
        ("旺沙村委会，长坡镇，高州市", "高州市 长坡镇 旺沙村委会"),
        ("高州长坡旺沙附近", "高州市 长坡镇 旺沙村委会"),
        # digits for Chinese numerals
        ("电白区7迳镇", "电白区 七迳镇"),
    ],
)
def test_corrupted_addresses_reach_the_place_they_mean(address, path):
    found = maoming_first(address)
    assert " ".join(found.path) == path
    assert found.probability > 0.8


@needs_lists
def test_a_hamlet_that_is_not_listed_is_not_made_into_a_village_that_sounds_like_it():
    for address in ("高州市长坡镇石头坡村12号", "高州长坡石头坡村"):
        found = maoming_first(address)
        assert (found.level, found.path[-1]) == ("township", "长坡镇")


@needs_lists
@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("广东省湛江市吴川市黄坡镇新村", "湛江市"),
        ("廣東省湛江市霞山區新村", "湛江市"),
    ],
)
def test_another_city_of_the_same_province_is_outside_too(address, named):
    answer = Geocoder(_maoming()).look_up(address)
    assert (answer.candidates, answer.note, answer.elsewhere) == ((), "outside", named)


@needs_lists
def test_every_village_name_that_several_bear_is_called_ambiguous():
    frame = maoming()[0]
    villages = frame[frame["level"] == "village"]
    shared = villages["name"][villages["name"].duplicated()].unique()
    assert len(shared) == 132
    reader = Geocoder(_maoming())
    for name in shared:
        answer = reader.look_up(name)
        assert answer.note == "ambiguous", name
        assert max(one.probability for one in answer.candidates) < 0.5
        assert len(answer.candidates) >= 2


def test_beside_a_place_is_farther_than_at_it():
    assert first("长坡镇旺沙村对面").radius_metres == first("长坡镇旺沙村").radius_metres + 200.0


def test_what_sounds_alike_and_what_looks_alike():
    assert [likeness(*pair) for pair in ("旺望", "沙莎", "坡波", "未末", "大小")] == [
        "sound", "sound", "shape", "shape", "none",
    ]  # fmt: skip


def test_numbers_are_one_name_however_written():
    assert (fold("電白區三家村"), other_numerals("3十里"), other_numerals("12队")) == (
        "电白区3家村", "30里", "十2队",
    )  # fmt: skip
    lone = Gazetteer(pd.DataFrame([entry("V1", "三十里村", "village", 111.0, 21.5)]))
    assert [geocode([text], lone)[0][0].code for text in ("三十里村", "30里村", "3十里村")] == ["V1"] * 3


def test_a_hotel_is_found_without_its_branch_and_with_its_room():
    found = first("电白水东如家305房")
    assert found.code in {"H1", "T2"}
    assert first("水东如家酒店305房").code == "H1"


def test_a_county_listed_as_a_point_and_as_a_border_is_one_county():
    rows = [
        entry("R1", "涡阳县 (Guoyang)", "county", 116.21, 33.49),
        entry("N1", "涡阳县", "county", 116.20, 33.50),
        entry("T1", "涡南镇", "township", 116.2, 33.4, "R1"),
        entry("V1", "王桥", "village", 116.21, 33.41, "T1"),
        entry("P1", "涡阳县", "poi", 116.2, 33.5, "T1"),  # a station
    ]
    reader = Geocoder(Gazetteer(pd.DataFrame(rows)))
    for address in ("安徽省亳州市涡阳县涡南镇王桥30号", "王桥，涡南镇，涡阳县", "涡阳涡南王乔村"):
        (found,) = reader.look_up(address).candidates
        assert (found.code, found.probability > 0.5) == ("V1", True)
    assert reader.look_up("涡阳县").candidates[0].code == "R1"


@needs_lists
@pytest.mark.parametrize(
    "text", ["手机关机同上", "三楼8768房东", "朋友家楼下", "快递站栋附近", "诀花208房", "第5组12号"]
)
def test_talk_without_a_place_is_no_likely_place(text):
    assert all(one.probability < 0.5 for one in geocode([text], _maoming())[0])


@needs_lists
def test_a_name_alone_with_a_wrong_sign_is_offered_and_never_likely():
    found = maoming_first("望沙村委会")
    assert found.probability < 0.5


@needs_lists
def test_a_village_named_in_full_beats_one_that_is_only_nearly_named():
    found = maoming_first("茂名市茂南区半角镇柏屋村委会")
    assert found.path == ("茂南区", "羊角镇", "柏屋村委会")


@needs_lists
@pytest.mark.parametrize(
    "text",
    [
        "家庭地址：高州市长坡镇旺沙村12号(家里没人)",
        "现住高州市长坡镇旺沙村委会金色家园3栋",
        "高州长坡旺沙3861",
    ],
)
def test_what_is_said_around_an_address_changes_nothing(text):
    found = maoming_first(text)
    assert (found.path[-1], found.probability > 0.9) == ("旺沙村委会", True)


@needs_lists
@pytest.mark.parametrize("text", ["新东村委会旁", "甘州村委会20号", "汕口垌村委会134号", "门口51同上"])
def test_a_name_cut_out_of_a_longer_one_is_never_likely(text):
    found = geocode([text], _maoming())[0]
    assert all(one.probability < 0.5 for one in found)


@needs_lists
def test_a_village_and_a_community_of_one_name_are_told_apart_by_their_kind():
    assert maoming_first("高州市南塘镇南塘村").path[-1] == "南塘村委会"
    assert maoming_first("高州市南塘镇南塘社区").path[-1] == "南塘居委会"


@needs_lists
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("高州市石鼓镇黑山村委会8号", "高州市 石鼓镇 黑坭山村委会"),  # a sign left out
        ("高州市石岭街道茂岭村", "高州市 石仔岭街道 茂岭村委会"),
        ("高州市荷塘镇帝坑坑村委会", "高州市 荷塘镇 帝坑村委会"),  # one too many
        ("信宜市金大垌镇平地村13巷", "信宜市 金垌镇 平地村委会"),
        ("高州市长坡镇沙旺村", "高州市 长坡镇 旺沙村委会"),  # two exchanged
        ("高洲长坡旺沙12号", "高州市 长坡镇 旺沙村委会"),  # without any suffix
    ],
)
def test_a_sign_left_out_added_or_exchanged_is_seen_through_and_said_less_surely(address, path):
    found = maoming_first(address)
    assert " ".join(found.path) == path
    assert 0.3 < found.probability < 1.0


@needs_lists
def test_what_is_only_nearly_named_is_less_sure_than_what_is_named():
    texts = ("高州市长坡镇旺沙村", "高州市长坡镇望沙村", "望沙村")
    odds = [maoming_first(text).probability for text in texts]
    assert odds == sorted(odds, reverse=True)
    assert odds[0] > 0.95
    assert odds[-1] < 0.5


@needs_lists
def test_a_town_named_with_an_unknown_hamlet_is_offered_and_not_a_village_that_hardly_fits():
    found = maoming_first("高州市长坡镇鬼哭狼村12号")
    assert (found.level, found.path[-1]) == ("township", "长坡镇")


def test_sureness_is_the_logistic_sum_of_what_holds():
    # 2 × 1.5 - 1 = 2; 1 / (1 + e^-2) = 0.8808
    assert sureness({"named": 2.0, "slip": 1.0, "unheard_of": 9.0}, {"named": 1.5, "slip": -1.0}) == (
        pytest.approx(0.8808, abs=1e-4)
    )


def test_every_weight_of_the_model_is_of_a_feature_that_can_hold():
    source = Path(sure.__file__).read_text(encoding="utf-8")
    stems = {name.split("_")[0] for name in default_settings().match.sure}
    assert [stem for stem in stems if f'"{stem}' not in source and f"{stem}_" not in source] == []


def test_a_village_that_a_map_lists_twice_is_one_place_and_two_far_apart_are_two():
    rows = [
        *ROWS,
        entry("W1", "石桥村", "village", 111.050, 21.980, "T1"),
        entry("W2", "石桥村", "hamlet", 111.052, 21.981, "T1"),  # some 230 m away
        entry("W3", "下湾村", "village", 111.050, 21.980, "T1"),
        entry("W4", "下湾村", "village", 111.100, 21.980, "T1"),  # five kilometres
    ]
    reader = Geocoder(Gazetteer(pd.DataFrame(rows)))
    assert len(reader.look_up("高州市长坡镇石桥村").candidates) == 1
    assert len(reader.look_up("高州市长坡镇下湾村").candidates) == 2


def test_a_town_named_for_its_peoples_and_one_listed_by_two_names_are_found_by_the_short_one():
    rows = [
        entry("C", "长丰县", "county", 117.1, 32.4),
        entry("T1", "牌坊回族满族乡", "township", 117.2, 32.1, "C"),
        entry("V1", "新丰村", "village", 117.21, 32.11, "T1"),
        entry("T2", "下塘;下塘镇", "township", 117.3, 32.2, "C"),
        entry("V2", "前楼村", "village", 117.31, 32.21, "T2"),
    ]
    reader = Geocoder(Gazetteer(pd.DataFrame(rows)))
    for text, code in (("长丰牌坊新丰村", "V1"), ("长丰县牌坊乡新丰村", "V1"), ("长丰县下塘镇前楼村", "V2")):
        assert reader.look_up(text).candidates[0].code == code


def test_signs_a_stroke_apart_look_alike_and_short_ones_that_only_share_strokes_do_not():
    assert [likeness(*pair) for pair in ("大六", "压庄", "东乐", "大小", "9酒")] == [
        "shape", "shape", "shape", "none", "sound",
    ]  # fmt: skip
