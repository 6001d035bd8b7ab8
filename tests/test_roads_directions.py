"""Directions: the street, the turn, the distance, and where to leave the road."""

import numpy as np
import osm_text
import pytest

from dispatch.roads.directions import ROADS, TURNS, directions, say_step
from dispatch.roads.network import CLASSES
from dispatch.roads.osm import read_extract
from dispatch.roads.travel import Travel

METRE = osm_text.METRE
NODES = {1: (0, 0), 2: (0, 1000), 3: (1000, 1000), 4: (0, 2000), 5: (1000, 2000)}
WAYS = [
    (1, [1, 2, 4], {"highway": "primary", "name": "人民路"}),
    (2, [2, 3], {"highway": "secondary", "name": "东街"}),
    (3, [3, 5], {"highway": "tertiary"}),
]


@pytest.fixture(scope="module")
def car(tmp_path_factory):
    return Travel(read_extract(osm_text.write(tmp_path_factory.mktemp("town"), NODES, WAYS)).network, "car")


def at(x, y):
    return np.array([[x, y]]) * METRE


def test_a_leg_is_told_street_by_street_with_its_turns(car):
    leg = car.path(at(0, 0), at(1000, 2000))
    steps = directions(leg.parts)
    assert [(step.turn, step.street) for step in steps] == [
        ("depart", "人民路"),
        ("right", "东街"),
        ("left", ""),
    ]
    assert sum(step.metres for step in steps) == pytest.approx(leg.metres, abs=1)
    assert sum(step.minutes for step in steps) == pytest.approx(leg.minutes, abs=0.01)
    assert leg.sentences("zh")[:2] == (
        "沿人民路向北行驶1.0公里（约1分钟）",
        "右转进入东街，行驶1.0公里（约1分钟）",
    )
    assert leg.sentences("en")[2] == "turn left into the minor road, 1.0 km (about 2 min)"


def test_coming_the_other_way_the_turns_are_the_other_hand(car):
    turns = [step.turn for step in directions(car.path(at(1000, 2000), at(0, 0)).parts)]
    assert turns == ["depart", "right", "left"]


def test_leaving_the_road_is_a_step_of_its_own_with_its_direction(car):
    leg = car.path(at(0, 0), at(-300, 1500))
    assert leg.sentences("zh")[-1] == "步行约300米（向西）"
    assert leg.sentences("en")[-1] == "walk about 300 m west"


def test_staying_where_one_is_needs_no_directions_beyond_a_walk(car):
    here = at(0, 500)
    assert car.path(here, here).minutes == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_class_and_turn_has_words(car, language):
    assert set(ROADS) == set(CLASSES)
    step = directions(car.path(at(0, 0), at(1000, 2000)).parts)[1]
    for turn in TURNS:
        assert say_step(type(step)(turn, "", "path", 10, 1, 0), language)
