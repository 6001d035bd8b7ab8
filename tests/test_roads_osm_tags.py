"""What tags say: who may go which way, what stops them, which limit is signed."""

import math

import pytest

from dispatch.roads.limits import read_speed
from dispatch.roads.network import BACKWARD, FORWARD
from dispatch.roads.tags import Road, barrier_access, read_road


def access(tags):
    """Profiles that may go as drawn, and against it."""
    road = read_road(tags)
    bits = road.access if isinstance(road, Road) else 0
    return (
        {profile for profile in FORWARD if bits & FORWARD[profile]},
        {profile for profile in BACKWARD if bits & BACKWARD[profile]},
    )


ALL, MOTOR = {"car", "motorcycle", "foot"}, {"car", "motorcycle"}


@pytest.mark.parametrize(
    ("tags", "ahead", "back"),
    [
        ({}, ALL, ALL),
        ({"oneway": "yes"}, ALL, {"foot"}),
        ({"oneway": "1"}, ALL, {"foot"}),
        ({"oneway": "-1"}, {"foot"}, ALL),
        ({"oneway": "reverse"}, {"foot"}, ALL),
        ({"junction": "roundabout"}, ALL, {"foot"}),
        ({"junction": "roundabout", "oneway": "no"}, ALL, ALL),
        ({"highway": "motorway"}, {"car"}, set()),
        ({"highway": "motorway", "oneway": "no"}, {"car"}, {"car"}),
        ({"highway": "motorway_link"}, {"car"}, {"car"}),
        ({"oneway": "yes", "oneway:motorcycle": "no"}, ALL, {"foot", "motorcycle"}),
        ({"oneway": "yes", "oneway:foot": "yes"}, ALL, set()),
        ({"access": "no"}, set(), set()),
        ({"access": "private"}, set(), set()),
        ({"access": "private", "foot": "yes"}, {"foot"}, {"foot"}),
        ({"access": "destination"}, ALL, ALL),
        ({"motor_vehicle": "no"}, {"foot"}, {"foot"}),
        ({"motor_vehicle": "no", "motorcycle": "yes"}, {"foot", "motorcycle"}, {"foot", "motorcycle"}),
        ({"vehicle": "private", "motorcar": "designated"}, {"car", "foot"}, {"car", "foot"}),
        ({"foot": "no"}, MOTOR, MOTOR),
        ({"highway": "path"}, {"motorcycle", "foot"}, {"motorcycle", "foot"}),
        ({"highway": "footway"}, {"foot"}, {"foot"}),
        ({"highway": "footway", "motor_vehicle": "yes"}, ALL, ALL),
        ({"highway": "footway", "access": "yes"}, {"foot"}, {"foot"}),
        ({"highway": "cycleway"}, {"foot"}, {"foot"}),
        ({"highway": "steps"}, {"foot"}, {"foot"}),
        ({"highway": "construction"}, set(), set()),
        ({"highway": "platform"}, set(), set()),
        ({"highway": "", "route": "ferry"}, ALL, ALL),
        ({"junction": "circular"}, ALL, {"foot"}),
        ({"highway": "motorway", "oneway": "-1"}, set(), {"car"}),
        ({"oneway": "reversible"}, {"foot"}, {"foot"}),
        ({"oneway": "alternating"}, ALL, ALL),
        ({"motor_vehicle:backward": "no"}, ALL, {"foot"}),
        ({"access:forward": "no"}, set(), ALL),
        ({"highway": "trunk", "motorroad": "yes"}, MOTOR, MOTOR),
        ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, ALL, ALL),
        ({"motorcycle": "no"}, {"car", "foot"}, {"car", "foot"}),
        ({"motorcar": "no"}, {"motorcycle", "foot"}, {"motorcycle", "foot"}),
        ({"motor_vehicle": "destination"}, ALL, ALL),
        ({"motor_vehicle": "agricultural;forestry"}, {"foot"}, {"foot"}),
        ({"access": "conditional=yes @ (Mo-Fr 08:00-20:00)"}, ALL, ALL),
        ({"access": "no", "motor_vehicle": "yes"}, MOTOR, MOTOR),
        ({"foot": "use_sidepath"}, MOTOR, MOTOR),
    ],
)
def test_access_and_direction_follow_the_tags(tags, ahead, back):
    assert access({"highway": "residential"} | tags) == (ahead, back)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("60", 60), ("60 km/h", 60), ("60km/h", 60), ("40 mph", 64.37), ("10 knots", 18.52), ("CN:urban", 50),
        ("DE:rural", 70), ("CN:motorway", 120), ("walk", 6), ("60;80", 60), ("80|60", 60), ("６０", 60),
        ("60公里/小时", 60), ("60 公里", 60), ("60千米/时", 60), ("50.0", 50), ("50 KPH", 50), ("30 mi/h", 48.28),
        ("50 mph", 80.47), ("5 knots", 9.26), ("5 kt", 9.26), ("50 mph;40", 40), ("urban", 50), ("DE:zone:30", 30),
        ("DE:zone30", 30), ("FR:30", 30), ("zone30", 30), ("CN:living_street", 20), ("variable", math.nan),
        ("none", math.nan), ("signals", math.nan), ("none;60", 60),
        ("fast", None), ("", None), ("380", None), ("0", None), ("-40", None), ("1e9", None), ("6" * 500, None),
        ("50 @ (07:00-09:00)", None), ("__import__('os')", None), ("CN:", None), (":" * 300, None), ("200 mph", None),
    ],
)  # fmt: skip
def test_maxspeed_is_read_in_all_its_spellings(text, kmh):
    found = read_speed(text)
    assert found is None if kmh is None else found == pytest.approx(kmh, abs=0.01, nan_ok=True)


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({}, math.nan),
        ({"maxspeed:advisory": "30"}, math.nan),
        ({"maxspeed": "60", "maxspeed:advisory": "30", "maxspeed:hgv": "40"}, 60),
        ({"maxspeed": "60", "maxspeed:conditional": "30 @ (07:00-09:00)"}, 60),
        ({"maxspeed:conditional": "30 @ (07:00-09:00)"}, math.nan),
        ({"maxspeed:type": "CN:urban"}, 50),
        ({"maxspeed": "40", "maxspeed:type": "CN:urban"}, 40),
        ({"maxspeed:type": "sign"}, math.nan),
        ({"maxspeed": "fast", "maxspeed:forward": "80"}, 80),
    ],
)
def test_advice_hours_and_lorries_set_no_limit(tags, kmh):
    road = read_road({"highway": "primary"} | tags)
    assert road.maxspeed_kmh == pytest.approx(kmh, nan_ok=True)
    assert not road.unreadable_speed


def test_of_the_limits_of_both_directions_the_lower_counts():
    road = read_road({"highway": "primary", "maxspeed:forward": "80", "maxspeed:backward": "60"})
    assert road.maxspeed_kmh == 60


@pytest.mark.parametrize(
    ("tags", "passes"),
    [
        ({"barrier": "gate"}, ALL),
        ({"barrier": "toll_booth"}, ALL),
        ({"barrier": "gate", "access": "private"}, set()),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, {"foot"}),
        ({"barrier": "bollard"}, {"motorcycle", "foot"}),
        ({"barrier": "block"}, {"foot"}),
        ({"barrier": "block", "motorcar": "yes"}, {"car", "foot"}),
        ({"barrier": "wall"}, set()),
        ({"barrier": "lift_gate"}, ALL),
        ({"barrier": "lift_gate", "access": "private"}, set()),
        ({"barrier": "gate", "access": "destination"}, ALL),
        ({"barrier": "gate", "motor_vehicle": "no"}, {"foot"}),
        ({"barrier": "gate", "motorcycle": "no"}, {"car", "foot"}),
        ({"barrier": "gate", "locked": "yes"}, set()),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, {"foot"}),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, ALL),
        ({"barrier": "bollard", "motorcycle": "no"}, {"foot"}),
        ({"barrier": "cycle_barrier"}, {"foot"}),
        ({"barrier": "entrance"}, ALL),
    ],
)
def test_barriers_stop_whom_they_stop(tags, passes):
    bits = barrier_access(tags)
    assert {profile for profile in FORWARD if bits & FORWARD[profile] and bits & BACKWARD[profile]} == passes
