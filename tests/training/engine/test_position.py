"""A position goes through JSON without loss."""

import dataclasses
import json

from kerasbook.training.engine.position import Position


def test_numbers_come_back_bit_by_bit():
    position = Position(
        epoch=3, totals=(0.1 + 0.2, 7.0, 1e300), best=(1 / 3, -2 / 7), rate_factor=0.125
    )
    again = Position(**json.loads(json.dumps(dataclasses.asdict(position))))
    assert tuple(again.totals) == position.totals
    assert tuple(again.best) == position.best
    assert (again.epoch, again.rate_factor, again.stopped) == (3, 0.125, False)
