"""Directions: what to do, onto which street, how far; only where there is something to decide."""

import time

import numpy as np
import osm_text
import pytest

from dispatch.area import open_area
from dispatch.roads.course import LEVEL, Course, Run
from dispatch.roads.decisions import turn_of
from dispatch.roads.directions import Step, directions
from dispatch.roads.leg import Leg
from dispatch.roads.network import CLASSES
from dispatch.roads.osm import read_extract
from dispatch.roads.travel import Travel
from dispatch.roads.wording import ROADS, TURNS, say_metres, say_step

METRE = osm_text.METRE
PRIMARY, TERTIARY = {"highway": "primary"}, {"highway": "tertiary"}
COUNTRY, ONE_WAY = {"highway": "unclassified"}, {"oneway": "yes"}


def at(x, y):
    return np.array([[x, y]]) * METRE


def named(name, highway="primary", **tags):
    return {"highway": highway, "name": name, **tags}


@pytest.fixture
def drive(tmp_path):
    """The leg from one point (x, y in metres) to another in a town of `nodes` and `ways`."""

    def leg(nodes, ways, start, stop, profile="car"):
        ways = [(number, refs, tags) for number, (refs, tags) in enumerate(ways, start=1)]
        travel = Travel(read_extract(osm_text.write(tmp_path, nodes, ways)).network, profile)
        return travel.path(at(*start), at(*stop))

    return leg


@pytest.fixture(scope="module")
def car(tmp_path_factory):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (1000, 1000), 4: (0, 2000), 5: (1000, 2000)}
    ways = [
        (1, [1, 2, 4], named("人民路")),
        (2, [2, 3], named("东街", "secondary")),
        (3, [3, 5], TERTIARY),
    ]
    return Travel(read_extract(osm_text.write(tmp_path_factory.mktemp("town"), nodes, ways)).network, "car")


def turns(leg):
    return [(step.turn, step.street) for step in leg.steps()]


def test_a_leg_is_told_street_by_street_with_its_turns(car):
    leg = car.path(at(0, 0), at(1000, 1900))
    assert turns(leg) == [("depart", "人民路"), ("right", "东街"), ("left", "")]
    assert sum(step.metres for step in leg.steps()) == pytest.approx(leg.metres, abs=1)
    assert sum(step.minutes for step in leg.steps()) == pytest.approx(leg.minutes, abs=0.01)
    assert leg.sentences("zh")[0] == "向北出发，沿人民路行驶1.0公里"
    assert leg.sentences("en")[0] == "drive north on 人民路, 1.0 km"


def test_coming_the_other_way_the_turns_are_the_other_hand(car):
    leg = car.path(at(1000, 1500), at(0, 0))
    assert turns(leg)[-1] == ("left", "人民路")


def test_where_a_walk_begins_and_ends_a_leg_both_are_told(car):
    leg = car.path(at(-200, 100), at(-300, 1500))
    assert leg.sentences("zh") == (
        "向东步行200米到路上（3分钟）",
        "向北出发，沿人民路行驶1.4公里（2分钟）",
        "离开道路，向西步行300米（4分钟）",
    )
    assert leg.sentences("en")[::2] == (
        "walk east to the road, 200 m (3 min)",
        "leave the road, walk west, 300 m (4 min)",
    )


def test_a_walk_of_a_few_metres_is_counted_with_the_drive(car):
    leg = car.path(at(-8, 100), at(-8, 500))
    assert [step.turn for step in leg.steps()] == ["depart"]
    assert leg.steps()[0].metres == pytest.approx(leg.metres) == pytest.approx(416, abs=1)


def test_a_leg_all_walked_has_no_road_in_it(car):
    leg = car.path(at(-300, 1500), at(-300, 1600))
    assert leg.sentences("zh") == ("向北步行100米",)
    assert leg.sentences("en") == ("walk north, 100 m",)


def test_a_leg_of_no_length_and_one_nobody_can_go_need_no_words(car):
    here = at(0, 500)
    assert car.path(here, here).minutes == 0
    assert Leg(np.inf, np.inf, np.vstack([here, here])).sentences("zh") == ()


def test_a_bend_without_a_junction_is_no_step(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (500, 500), 4: (500, 0)}
    assert turns(drive(nodes, [([1, 2, 3, 4], COUNTRY)], (0, 0), (500, 0))) == [("depart", "")]


def test_a_crossing_one_would_go_straight_over_is_no_step(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (0, 1000), 4: (-500, 500), 5: (500, 500)}
    ways = [([1, 2, 3], COUNTRY), ([4, 2, 5], COUNTRY)]
    assert turns(drive(nodes, ways, (0, 0), (0, 1000))) == [("depart", "")]


def test_where_the_road_ends_at_another_it_is_said(drive):
    nodes = {1: (0, 0), 2: (0, 500), 4: (-500, 500), 5: (500, 500)}
    leg = drive(nodes, [([1, 2], COUNTRY), ([4, 2, 5], COUNTRY)], (0, 0), (500, 500))
    assert leg.sentences("zh")[1] == "丁字路口右转，沿乡村道路行驶500米"
    assert leg.sentences("en")[1] == "at the T-junction turn right onto a country road, 500 m"


def test_where_both_ways_on_lie_to_one_side_there_is_no_t_junction(drive):
    nodes = {1: (0, 0), 2: (0, 500), 4: (300, 200), 5: (500, 500)}
    leg = drive(nodes, [([1, 2], COUNTRY), ([2, 5], COUNTRY), ([2, 4], COUNTRY)], (0, 0), (500, 500))
    assert leg.sentences("zh")[1] == "右转，沿乡村道路行驶500米"


def test_a_turn_is_that_of_the_first_metres_whatever_the_road_does_after(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (0, 1000), 4: (40, 500), 5: (40, 1000)}
    leg = drive(nodes, [([1, 2, 3], COUNTRY), ([2, 4, 5], COUNTRY)], (0, 0), (40, 1000))
    assert turns(leg) == [("depart", ""), ("right", "")]


def test_a_road_that_turns_off_while_another_goes_on_is_a_step_though_its_name_stays(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (0, 1000), 5: (500, 500)}
    leg = drive(nodes, [([1, 2, 5], named("环路")), ([2, 3], named("北街"))], (0, 0), (500, 500))
    assert leg.sentences("zh")[1] == "右转，继续沿环路行驶500米"
    assert leg.sentences("en")[1] == "turn right, stay on 环路, 500 m"


def test_a_track_that_goes_straight_on_does_tempt_only_where_the_road_turns_off_sharply(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (0, 1000), 4: (300, 1000), 5: (500, 500)}
    tame = [([1, 2, 4], COUNTRY), ([2, 3], {"highway": "track"})]  # 31 degrees to the right
    assert turns(drive(nodes, tame, (0, 0), (300, 1000))) == [("depart", "")]
    sharp = [([1, 2, 5], PRIMARY), ([2, 3], TERTIARY)]
    assert turns(drive(nodes, sharp, (0, 0), (500, 500))) == [("depart", ""), ("right", "")]


def test_straight_on_is_a_step_only_where_the_name_changes(drive):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 2000), 4: (0, 3000)}
    ways = [([1, 2], named("南街")), ([2, 3], named("北街")), ([3, 4], named("北街", "secondary"))]
    leg = drive(nodes, ways, (0, 0), (0, 3000))
    assert turns(leg) == [("depart", "南街"), ("straight", "北街")]
    assert leg.sentences("zh")[1].startswith("直行进入北街，行驶2.0公里")


@pytest.mark.parametrize("bridge", [{"name": "长桥"}, {}])
def test_a_bridge_in_the_middle_of_a_street_is_part_of_it(drive, bridge):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 1600), 4: (0, 3000)}
    ways = [([1, 2], named("大街")), ([2, 3], PRIMARY | bridge), ([3, 4], named("大街"))]
    assert turns(drive(nodes, ways, (0, 0), (0, 3000))) == [("depart", "大街")]


def test_a_number_and_a_name_that_holds_it_are_one_road(drive):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 2000)}
    ways = [([1, 2], named("S204")), ([2, 3], named("河南省道S204线"))]
    assert len(turns(drive(nodes, ways, (0, 0), (0, 2000)))) == 1


def test_a_short_piece_without_a_name_belongs_to_the_junction(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (20, 500), 4: (500, 500), 5: (0, 900)}
    ways = [([1, 2, 5], named("南街")), ([2, 3], PRIMARY), ([3, 4], named("东街"))]
    assert turns(drive(nodes, ways, (0, 0), (500, 500))) == [("depart", "南街"), ("right", "东街")]


def test_at_a_fork_of_equals_the_hand_to_keep_to_is_told(drive):
    nodes = {1: (0, 0), 2: (0, 500), 3: (-150, 1000), 4: (150, 1000)}
    ways = [([1, 2], COUNTRY), ([2, 3], COUNTRY), ([2, 4], COUNTRY)]
    left, right = (drive(nodes, ways, (0, 0), (x, 1000)) for x in (-150, 150))
    assert [turns(one)[1][0] for one in (left, right)] == ["keep_left", "keep_right"]
    assert left.sentences("zh")[1].startswith("岔路口靠左，沿乡村道路")
    assert right.sentences("en")[1].startswith("keep right at the fork onto a country road")


def test_two_turns_that_cancel_out_stay_two(drive):
    # a crossing whose arms do not quite meet: right, 25 m, left
    nodes = {1: (0, 0), 2: (0, 500), 3: (25, 500), 4: (25, 1000), 5: (-500, 500), 6: (500, 500)}
    ways = [([1, 2], COUNTRY), ([3, 4], COUNTRY), ([5, 2, 3, 6], COUNTRY)]
    assert [turn for turn, _ in turns(drive(nodes, ways, (0, 0), (25, 1000)))] == ["depart", "right", "left"]


def test_round_through_the_gap_of_a_divided_road_is_a_u_turn(drive):
    # northwards on the right, southwards on the left, a gap of 20 m between them
    nodes = {1: (0, 0), 2: (0, 500), 3: (0, 1000), 4: (-20, 0), 5: (-20, 500), 6: (-20, 1000)}
    ways = [
        ([1, 2, 3], named("大道") | ONE_WAY),
        ([6, 5, 4], named("大道") | ONE_WAY),
        ([2, 5], PRIMARY),
        ([1, 4], PRIMARY),
        ([3, 6], PRIMARY),
    ]
    leg = drive(nodes, ways, (0, 100), (-20, 100))
    assert turns(leg) == [("depart", "大道"), ("back", "大道")]
    assert leg.sentences("zh")[1] == "掉头，沿大道行驶420米"
    assert leg.sentences("en")[1] == "make a U-turn on 大道, 420 m"


def test_turning_back_on_one_and_the_same_road_is_a_u_turn(car):
    edge = int(np.flatnonzero(car.network.edge_length_metres > 999)[0])
    course = Course(car.network, "car", (Run(edge, 0.5, 1.0, 1e4), Run(edge, 1.0, 0.2, 1e4)))
    assert [step.turn for step in directions((), course)] == ["depart", "back"]


RING = {
    number: (40 * np.sin(angle), 40 * np.cos(angle))
    for number, angle in enumerate(np.radians([180, 135, 90, 45, 0, 270]), start=11)
}
ARMS = {1: (0, -500), 3: (500, 0), 4: (300, 300), 5: (0, 500), 6: (-500, 0)}
ARM_OF = {1: 11, 3: 13, 4: 14, 5: 15, 6: 16}


def roundabout(**arm):
    """Arms south, east, north-east, north and west of a ring driven anticlockwise, as in China."""
    ring = ([11, 12, 13, 14, 15, 16, 11], PRIMARY | {"junction": "roundabout"})
    names = {1: "南路", 3: "东路", 4: "斜路", 5: "北路", 6: "西路"}
    ways = [ring]
    for end, name in names.items():
        ways.append(([end, ARM_OF[end]], named(name, **arm.get(name, {}))))
    return RING | ARMS, ways


@pytest.mark.parametrize(("end", "number"), [(3, 1), (4, 2), (5, 3), (6, 4)])
def test_the_exits_of_a_roundabout_are_counted_from_where_it_is_entered(drive, end, number):
    nodes, ways = roundabout()
    leg = drive(nodes, ways, ARMS[1], ARMS[end])
    assert [(step.turn, step.exit_number) for step in leg.steps()] == [
        ("depart", None),
        ("roundabout", number),
    ]
    street = leg.steps()[1].street
    assert leg.sentences("zh")[1].startswith(f"环岛第{number}出口驶出，沿{street}行驶")
    ordinal = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th"}[number]
    assert leg.sentences("en")[1].startswith(f"at the roundabout take the {ordinal} exit onto {street}, ")


@pytest.mark.parametrize("arm", [ONE_WAY, {"highway": "footway"}, {"access": "no"}])
def test_an_arm_one_may_not_leave_by_is_no_exit(drive, arm):
    nodes, ways = roundabout(东路=arm)
    assert drive(nodes, ways, ARMS[1], ARMS[5]).steps()[1].exit_number == 2


@pytest.mark.parametrize(("end", "number"), [(7, 1), (3, 2), (5, 4)])
def test_of_two_exits_at_one_point_the_one_more_to_the_right_comes_first(drive, end, number):
    nodes, ways = roundabout()
    nodes |= {7: (400, -300)}
    ways.append(([7, 13], named("岔路")))
    leg = drive(nodes, ways, ARMS[1], nodes[end])
    assert leg.steps()[1].exit_number == number


def test_a_drive_may_begin_or_end_in_a_roundabout(drive):
    nodes, ways = roundabout()
    ends = drive(nodes, ways, ARMS[1], RING[14])
    assert ends.sentences("zh")[1].startswith("进入环岛，行驶")
    assert ends.sentences("en")[1].startswith("enter the roundabout, ")
    begins = drive(nodes, ways, (RING[12][0], RING[12][1]), ARMS[5])
    assert "环岛第3出口驶出，沿北路行驶" in begins.sentences("zh")[0]  # east, north-east, north
    assert len(begins.steps()) == 1


def test_on_foot_a_roundabout_is_a_road_like_others(drive):
    nodes, ways = roundabout()
    leg = drive(nodes, ways, ARMS[1], ARMS[6], profile="foot")
    assert all(step.exit_number is None for step in leg.steps())
    assert leg.sentences("zh")[0].startswith("向北出发，沿南路步行")
    assert leg.sentences("en")[0].startswith("walk north on 南路")


def motorway():
    """A country road, a slip road up, 5 km of motorway that goes on, a slip road down to a main road."""
    nodes = {
        1: (0, -1000), 2: (0, 0), 3: (0, 1000),
        4: (300, 100), 5: (-4000, 100), 6: (5000, 100), 7: (9000, 100),
        8: (5400, 0), 9: (5400, -1000), 10: (5400, 1000),
    }  # fmt: skip
    ways = [
        ([1, 2, 3], COUNTRY),
        ([2, 4], {"highway": "motorway_link", "oneway": "yes"}),
        ([5, 4, 6, 7], named("济广高速", "motorway")),
        ([6, 8], {"highway": "motorway_link", "oneway": "yes"}),
        ([9, 8, 10], named("312国道", "trunk")),
    ]
    return nodes, ways


def test_joining_and_leaving_a_motorway_are_told_as_such(drive):
    leg = drive(*motorway(), (0, -1000), (5400, -1000))
    assert [(step.motorway, step.street) for step in leg.steps()] == [
        ("", ""),
        ("on", "济广高速"),
        ("off", ""),
        ("", "312国道"),
    ]
    chinese, english = leg.sentences("zh"), leg.sentences("en")
    assert chinese[1].startswith("右转上高速，沿济广高速行驶")
    assert "驶离高速，沿匝道行驶410米" in chinese[2]
    assert english[1].startswith("turn right to join 济广高速")
    assert "to leave the motorway, on the slip road, 410 m" in english[2]


def test_a_motorway_passed_under_or_driven_on_is_not_left(drive):
    leg = drive(*motorway(), (-3000, 100), (8000, 100))
    assert turns(leg) == [("depart", "济广高速")]


def test_a_ferry_is_taken_and_left(drive):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 3000), 4: (0, 4000)}
    ways = [([1, 2], COUNTRY), ([2, 3], {"route": "ferry", "name": "三河尖渡口"}), ([3, 4], named("江北路"))]
    leg = drive(nodes, ways, (0, 0), (0, 4000))
    assert [step.turn for step in leg.steps()] == ["depart", "ferry", "ashore"]
    assert leg.sentences("zh")[1:] == (
        "乘轮渡（三河尖渡口），2.0公里（15分钟）",
        "下船后向北，沿江北路行驶1.0公里",
    )
    assert leg.sentences("en")[1:] == (
        "take the ferry (三河尖渡口), 2.0 km (15 min)",
        "off the ferry, drive north on 江北路, 1.0 km",
    )


def test_a_gate_on_the_road_is_no_junction(drive):
    nodes = {1: (0, 0), 2: (0, 500, {"barrier": "gate"}), 3: (0, 1000)}
    assert turns(drive(nodes, [([1, 2, 3], COUNTRY)], (0, 0), (0, 1000))) == [("depart", "")]


def test_a_list_too_long_to_read_sums_up_named_streets_and_no_unnamed_turn(drive):
    # a staircase of 20 streets, a crossing at every corner
    nodes, ways = {}, []
    corners = [((i + 1) // 2 * 300, i // 2 * 300) for i in range(21)]
    for i, (x, y) in enumerate(corners):
        nodes[i + 1] = (x, y)
        if i:
            dx, dy = (x - corners[i - 1][0], y - corners[i - 1][1])
            nodes[100 + i] = (x + dx / 2, y + dy / 2)
            ways.append(([i, i + 1, 100 + i], named(f"{i}号街")))
    leg = drive(nodes, ways, corners[0], corners[-1])
    assert len(leg.steps()) == 14
    summed = [step for step in leg.steps() if step.via]
    assert len(summed) == 1
    assert len(summed[0].via) == 5
    assert sum(step.metres for step in leg.steps()) == pytest.approx(leg.metres, abs=1)
    assert "依次沿" in " ".join(leg.sentences("zh"))
    nameless = [(refs, COUNTRY) for refs, _ in ways]
    assert len(drive(nodes, nameless, corners[0], corners[-1]).steps()) == 20


@pytest.mark.parametrize(
    ("degrees", "turn"),
    [
        (0, "straight"),
        (-40, "slight_left"),
        (90, "right"),
        (-90, "left"),
        (140, "sharp_right"),
        (-175, "back"),
    ],
)
def test_a_turn_is_named_by_its_angle(degrees, turn):
    assert turn_of(degrees) == turn


@pytest.mark.parametrize(
    ("metres", "zh", "en"),
    [(3, "10米", "10 m"), (344, "340米", "340 m"), (960, "1.0公里", "1.0 km"), (23_400, "23公里", "23 km")],
)
def test_distances_are_said_as_finely_as_one_can_tell_them(metres, zh, en):
    assert (say_metres(metres, "zh"), say_metres(metres, "en")) == (zh, en)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("road", CLASSES)
def test_every_turn_onto_every_kind_of_road_has_words(language, road):
    assert set(ROADS) == set(LEVEL) == set(CLASSES)
    for turn in (*TURNS, "depart", "roundabout", "ferry", "ashore"):
        for motorway in ("", "on", "off"):
            for street in ("", "东街"):
                said = say_step(Step(turn, street, road, 420, 3, 0, motorway=motorway), language)
                assert ("420米" if language == "zh" else "420 m") in said
                assert "None" not in said


@pytest.fixture(scope="module")
def practice_legs():
    """Forty legs for each profile between junctions of the practice area, moved a little off the road."""
    network, rng = open_area("maoming").network, np.random.default_rng(11)
    legs = []
    for profile in ("car", "motorcycle", "foot"):
        travel = Travel(network, profile)
        while len(legs) % 40 or not legs or legs[-1][0] != profile:
            first, second = rng.integers(network.node_count, size=2)
            here, there = (
                np.array([network.node_lon[node], network.node_lat[node]]) + rng.normal(0, 0.001, 2)
                for node in (first, second)
            )
            if np.abs(here - there).max() < (0.05 if profile == "foot" else 0.3):
                legs.append((profile, travel.path(here, there)))
    return [leg for _, leg in legs]


def test_every_leg_of_the_practice_area_is_told_whole(practice_legs):
    for leg in practice_legs:
        steps = leg.steps()
        assert steps
        assert sum(step.metres for step in steps) == pytest.approx(leg.metres, abs=1)
        assert sum(step.minutes for step in steps) == pytest.approx(leg.minutes, abs=0.01)
        assert all(step.metres > 0 for step in steps)
        for language in ("zh", "en"):
            assert len(leg.sentences(language)) == len(steps)


def test_directions_take_little_time(practice_legs):
    begin = time.process_time()
    for leg in practice_legs:
        leg.sentences("zh")
    # 500 legs of a day in a second, with as much again for a busy machine
    assert (time.process_time() - begin) / len(practice_legs) < 0.004
