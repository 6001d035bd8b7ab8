"""The simulation: one replication is what its world and its tape make of it."""

import numpy as np

from benchmarks import simulate_worlds as made
from dispatch.simulate import draw_tape, replicate


def test_the_same_seed_gives_the_same_replication_to_the_last_bit():
    world = made.queue(2, 3.0, 48.0, service_law="exponential")
    one, two = (replicate(world, draw_tape(world, 7, 3)) for _ in range(2))
    for name in one.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), name)
    assert len(one.alert) != len(draw_tape(world, 8, 3).minute)
