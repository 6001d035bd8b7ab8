"""Turn restrictions of an extract: whom they bind, which edges they mean, which are dropped and why."""

import numpy as np
import osm_text
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import BadInput
from dispatch.roads.network import PROFILE_BIT, Network
from dispatch.roads.osm import read_extract
from dispatch.roads.travel import Travel

CAR, MOTORCYCLE, FOOT = PROFILE_BIT["car"], PROFILE_BIT["motorcycle"], PROFILE_BIT["foot"]
# A crossing at 3: way 1 from the south, 2 to the north, 4 to the west, 5 to the east
NODES = {1: (0, -1000), 3: (0, 0), 2: (0, 1000), 4: (-1000, 0), 5: (1000, 0), 6: (0, -500), 7: (-500, 0)}
NAMES = {1: "南路", 2: "北路", 4: "西路", 5: "东路"}
ROADS = {1: [1, 6, 3], 2: [3, 2], 4: [3, 7, 4], 5: [3, 5]}
LEFT = [("way", 1, "from"), ("node", 3, "via"), ("way", 4, "to")]


def crossing(folder, tags, members=LEFT, roads=None, nodes=None, **way_tags):
    """The crossing with one relation; `way_tags` by ``w1`` and so on."""
    ways = [
        (number, refs, {"highway": "primary", "name": NAMES.get(number, "")} | way_tags.get(f"w{number}", {}))
        for number, refs in (ROADS | (roads or {})).items()
    ]
    relation = (99, members, {"type": "restriction"} | tags)
    return read_extract(osm_text.write(folder, NODES | (nodes or {}), ways, [relation]))


def turns(network):
    """Restrictions as (street out of, street into, only, profiles)."""
    return [
        (network.name_of(out), network.name_of(into), bool(only), int(profiles))
        for out, into, only, profiles in zip(
            network.turn_from_edge,
            network.turn_to_edge,
            network.turn_only,
            network.turn_profiles,
            strict=True,
        )
    ]


def no_turn(folder, tags, *given, **named):
    """The reasons a relation was dropped, with no restriction kept."""
    extract = crossing(folder, tags, *given, **named)
    assert turns(extract.network) == []
    return {key: count for key, count in extract.dropped.items() if key.startswith("turn")}


@pytest.mark.parametrize(
    ("kind", "only"),
    [
        ("no_left_turn", False), ("no_right_turn", False), ("no_straight_on", False), ("no_u_turn", False),
        ("no_entry", False), ("no_exit", False), ("no_left_turn;no_u_turn", False),
        ("only_left_turn", True), ("only_right_turn", True), ("only_straight_on", True), ("only_u_turn", True),
    ],
)  # fmt: skip
def test_a_restriction_binds_vehicles_at_its_junction(tmp_path, kind, only):
    extract = crossing(tmp_path, {"restriction": kind})
    assert turns(extract.network) == [("南路", "西路", only, CAR | MOTORCYCLE)]
    via = int(extract.network.turn_via_node[0])
    assert (extract.network.node_lon[via], extract.network.node_lat[via]) == (0, 0)
    assert extract.dropped == {}


@pytest.mark.parametrize(
    ("tags", "bound"),
    [
        ({"restriction": "no_left_turn", "except": "bicycle"}, CAR | MOTORCYCLE),
        ({"restriction": "no_left_turn", "except": "psv;bicycle"}, CAR | MOTORCYCLE),
        ({"restriction": "no_left_turn", "except": "motorcar"}, MOTORCYCLE),
        ({"restriction": "no_left_turn", "except": "bicycle; motorcycle"}, CAR),
        ({"restriction:motorcar": "no_left_turn"}, CAR),
        ({"restriction:motorcycle": "no_left_turn"}, MOTORCYCLE),
        ({"restriction:motor_vehicle": "no_left_turn"}, CAR | MOTORCYCLE),
        ({"restriction:foot": "no_left_turn"}, FOOT),
        (
            {"restriction": "no_left_turn", "restriction:conditional": "none @ (22:00-06:00)"},
            CAR | MOTORCYCLE,
        ),
    ],
)
def test_a_restriction_binds_those_it_names_and_spares_its_exceptions(tmp_path, tags, bound):
    assert turns(crossing(tmp_path, tags).network) == [("南路", "西路", False, bound)]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"restriction:hgv": "no_left_turn"}, "turns_for_others"),
        ({"type": "restriction:hgv", "restriction": "no_left_turn"}, "turns_for_others"),
        ({"restriction": "no_left_turn", "except": "motorcar;motorcycle"}, "turns_for_others"),
        ({"restriction": "no_left_turn", "except": "motor_vehicle"}, "turns_for_others"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "turns_at_times"),
        ({"restriction:hgv:conditional": "no_left_turn @ (07:00-09:00)"}, "turns_at_times"),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, "turns_at_times"),
        ({"restriction": "no_turn_on_red"}, "turns_unclear"),
        ({"restriction": "no_left_turn;only_straight_on"}, "turns_unclear"),
    ],
)
def test_what_binds_others_or_at_times_is_counted_and_not_kept(tmp_path, tags, reason):
    assert no_turn(tmp_path, tags) == {reason: 1}


SOUTH, VIA, WEST = LEFT


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([SOUTH, WEST], "turns_unclear"),
        ([SOUTH, VIA], "turns_unclear"),
        ([VIA, WEST], "turns_unclear"),
        ([], "turns_unclear"),
        ([SOUTH, VIA, ("node", 2, "via"), WEST], "turns_unclear"),
        ([SOUTH, ("way", 2, "from"), VIA, WEST], "turns_unclear"),
        ([("node", 1, "from"), VIA, WEST], "turns_unclear"),
        ([SOUTH, ("way", 2, "via"), WEST], "turns_over_ways"),
        ([SOUTH, ("node", 777, "via"), WEST], "turns_elsewhere"),
        ([("way", 777, "from"), VIA, WEST], "turns_elsewhere"),
        ([SOUTH, VIA, ("way", 777, "to")], "turns_elsewhere"),
        ([SOUTH, ("node", 2, "via"), WEST], "turns_needless"),  # the way does not come there at all
    ],
)
def test_members_that_are_missing_or_too_many_are_counted(tmp_path, members, reason):
    assert no_turn(tmp_path, {"restriction": "no_left_turn"}, members) == {reason: 1}


def test_no_entry_may_come_from_several_ways_and_no_exit_lead_into_several(tmp_path):
    entry = [SOUTH, ("way", 2, "from"), VIA, WEST]
    found = turns(crossing(tmp_path, {"restriction": "no_entry"}, entry).network)
    assert {(out, into) for out, into, _, _ in found} == {("南路", "西路"), ("北路", "西路")}
    leave = [SOUTH, VIA, WEST, ("way", 5, "to")]
    found = turns(crossing(tmp_path, {"restriction": "no_exit"}, leave).network)
    assert {(out, into) for out, into, _, _ in found} == {("南路", "西路"), ("南路", "东路")}


def test_no_u_turn_leads_back_into_the_edge_it_came_by(tmp_path):
    network = crossing(tmp_path, {"restriction": "no_u_turn"}, [SOUTH, VIA, ("way", 1, "to")]).network
    assert turns(network) == [("南路", "南路", False, CAR | MOTORCYCLE)]
    assert network.turn_from_edge[0] == network.turn_to_edge[0]


def test_a_way_that_goes_through_the_junction_is_ambiguous_unless_one_way(tmp_path):
    through = {1: [1, 3, 2], 2: [2, 1]}
    tags = {"restriction": "no_left_turn"}
    assert no_turn(tmp_path, tags, roads=through) == {"turns_unclear": 1}
    network = crossing(tmp_path, tags, roads=through, w1={"oneway": "yes"}).network
    edge = int(network.turn_from_edge[0])
    south = {int(network.edge_from[edge]), int(network.edge_to[edge])} - {int(network.turn_via_node[0])}
    assert network.node_lat[south.pop()] < 0


@pytest.mark.parametrize("ways", [{"w1": {"oneway": "-1"}}, {"w4": {"oneway": "-1"}}])
def test_a_ban_of_what_one_ways_rule_out_is_needless(tmp_path, ways):
    assert no_turn(tmp_path, {"restriction": "no_left_turn"}, **ways) == {"turns_needless": 1}


def test_only_a_turn_nobody_can_make_is_a_mistake_and_shuts_nobody_in(tmp_path):
    found = no_turn(tmp_path, {"restriction": "only_left_turn"}, w4={"oneway": "-1"})
    assert found == {"turns_unclear": 1}


def test_the_junction_of_a_restriction_stays_one_where_the_road_only_goes_on(tmp_path):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 2000)}
    street = {"highway": "primary", "name": "路"}
    ways = [(1, [1, 2], street), (2, [2, 3], street)]
    ban = (9, [("way", 1, "from"), ("node", 2, "via"), ("way", 1, "to")], {"type": "restriction"})
    assert read_extract(osm_text.write(tmp_path, nodes, ways)).network.edge_count == 1
    ban[2]["restriction"] = "no_u_turn"
    assert read_extract(osm_text.write(tmp_path, nodes, ways, [ban])).network.edge_count == 2


def test_the_same_restriction_twice_is_one(tmp_path):
    roads = [(number, refs, {"highway": "primary"}) for number, refs in ROADS.items()]
    tags = {"type": "restriction", "restriction": "no_left_turn"}
    twice = [(98, LEFT, tags), (99, LEFT, tags)]
    assert len(read_extract(osm_text.write(tmp_path, NODES, roads, twice)).network.turn_only) == 1


def test_a_relation_of_another_type_restricts_no_turn(tmp_path):
    assert no_turn(tmp_path, {"type": "route", "restriction": "no_left_turn"}) == {}


def test_where_a_barrier_cuts_the_junction_apart_its_restriction_goes(tmp_path):
    nodes = {3: (0, 0, {"barrier": "block"})}
    assert no_turn(tmp_path, {"restriction": "no_left_turn"}, nodes=nodes) == {"turns_unclear": 1}


def test_restrictions_keep_to_their_edges_when_loose_pieces_before_them_are_dropped(tmp_path):
    nodes = {41: (0, 60_000), 51: (-60_000, -60_000), 52: (-60_000, -59_990)}
    roads = {1: [51, 52], 2: [3, 2, 41], 11: [1, 6, 3]}
    members = [("way", 11, "from"), *LEFT[1:]]
    names = {"w1": {"name": "孤路"}, "w11": {"name": "南路"}}
    extract = crossing(tmp_path, {"restriction": "no_left_turn"}, members, roads, nodes, **names)
    assert extract.dropped == {"unconnected_pieces": 1, "unconnected_edges": 1}
    assert turns(extract.network) == [("南路", "西路", False, CAR | MOTORCYCLE)]
    via = int(extract.network.turn_via_node[0])
    assert (extract.network.node_lon[via], extract.network.node_lat[via]) == (0, 0)


def test_restrictions_and_roundabouts_return_from_disk_as_they_were(tmp_path):
    ring = {"highway": "primary", "junction": "roundabout"}
    network = crossing(
        tmp_path, {"restriction": "only_left_turn"}, roads={7: [2, 4, 1, 5, 2]}, w7=ring
    ).network
    network.write(tmp_path / "roads.npz")
    again = Network.read(tmp_path / "roads.npz")
    assert turns(again) == turns(network) == [("南路", "西路", True, CAR | MOTORCYCLE)]
    assert again.edge_roundabout.tolist() == network.edge_roundabout.tolist()
    assert network.edge_roundabout.sum() == 4


@pytest.mark.parametrize(
    ("tags", "car_km", "motorcycle_km"),
    [
        ({"restriction": "no_left_turn", "type": "route"}, 2, 2),
        ({"restriction": "no_left_turn"}, 4, 4),
        ({"restriction": "no_left_turn", "except": "motorcycle"}, 4, 2),
        ({"restriction": "only_left_turn"}, 2, 2),
        ({"restriction:hgv": "no_left_turn"}, 2, 2),
    ],
)
def test_who_may_not_turn_left_goes_on_and_comes_back(tmp_path, tags, car_km, motorcycle_km):
    network = crossing(tmp_path, tags).network
    south, west = (0, -1000 * osm_text.METRE), (-1000 * osm_text.METRE, 0)
    for profile, km in (("car", car_km), ("motorcycle", motorcycle_km), ("foot", 2)):
        leg = Travel(network, profile).path(south, west)
        assert leg.metres / 1000 == pytest.approx(km, abs=0.03), profile


@pytest.mark.parametrize(
    ("junction", "is_one"), [("roundabout", True), ("circular", True), ("jughandle", False)]
)
def test_a_roundabout_is_marked_and_ends_where_the_road_leaves_it(tmp_path, junction, is_one):
    nodes = {1: (0, 0), 2: (0, 100), 3: (100, 100), 4: (100, 0), 5: (0, -2000)}
    street = {"highway": "primary", "oneway": "yes"}
    ways = [(1, [1, 2, 3, 4], street | {"junction": junction}), (2, [4, 1], street), (3, [5, 1], street)]
    network = read_extract(osm_text.write(tmp_path, nodes, ways)).network
    metres = network.edge_length_metres[network.edge_roundabout]
    assert metres.tolist() == (pytest.approx([300], abs=2) if is_one else [])
    assert not np.isnan(network.edge_length_metres).any()


@st.composite
def towns(draw):
    """Random ways over a few points, random relations among them, some of what they name not there."""
    count = draw(st.integers(3, 8))
    spot = st.tuples(st.integers(0, 9), st.integers(0, 9))
    spots = draw(st.lists(spot, min_size=count, max_size=count, unique=True))
    refs = st.lists(st.integers(1, count), min_size=2, max_size=5)
    oneway = st.sampled_from([{}, {}, {"oneway": "yes"}, {"oneway": "-1"}, {"motorcycle": "no"}])
    ways = draw(st.lists(st.tuples(refs, oneway), min_size=2, max_size=7))
    blocked = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    way, node = st.integers(1, len(ways) + 1), st.integers(1, count + 1)
    kind = st.sampled_from(["no_left_turn", "only_straight_on", "no_u_turn", "no_exit", "?"])
    spared = st.sampled_from(["", "motorcar", "bicycle"])
    bans = draw(
        st.lists(
            st.tuples(way, node, way, kind, spared), min_size=1, max_size=8, unique_by=lambda ban: ban[:3]
        )
    )
    nodes = {
        n: (900 * x, 900 * y, {"barrier": "block"} if shut and n == 1 else {})
        for n, ((x, y), shut) in enumerate(zip(spots, blocked, strict=True), start=1)
    }
    roads = [(n, refs, {"highway": "primary"} | tags) for n, (refs, tags) in enumerate(ways, start=1)]
    relations = [
        (
            n,
            [("way", out, "from"), ("node", via, "via"), ("way", into, "to")],
            {"type": "restriction", "restriction": said, "except": spared},
        )
        for n, (out, via, into, said, spared) in enumerate(bans, start=1)
    ]
    return nodes, roads, relations


@settings(max_examples=80)
@given(towns())
def test_each_restriction_meets_its_two_edges_at_its_junction_or_is_counted(tmp_path_factory, town):
    nodes, roads, relations = town
    try:
        extract = read_extract(osm_text.write(tmp_path_factory.mktemp("town"), nodes, roads, relations))
    except BadInput:
        assert all(len(set(refs)) < 2 for _, refs, _ in roads)
        return
    network = extract.network
    for edge, ends, other in (
        (network.turn_from_edge, network.edge_to, network.edge_from),
        (network.turn_to_edge, network.edge_from, network.edge_to),
    ):
        assert ((ends[edge] == network.turn_via_node) | (other[edge] == network.turn_via_node)).all()
    lost = sum(count for reason, count in extract.dropped.items() if reason.startswith("turns_"))
    rings = (network.edge_from == network.edge_to).any()  # both its ways may name one edge
    if not rings and "unconnected_edges" not in extract.dropped:
        assert len(network.turn_only) + lost == len(relations)
    bits = {int(bits) for bits in network.turn_profiles}
    assert bits <= {CAR | MOTORCYCLE, MOTORCYCLE}
