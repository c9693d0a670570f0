"""Learning rates against the formulas, at their ends and through serialisation."""

import keras
import numpy as np
import pytest

from kerasbook.training import OneCycle, WarmupCosine


def values(schedule, steps):
    return np.array([float(schedule(step)) for step in range(steps)])


def test_warmup_and_cosine():
    rates = values(WarmupCosine(0.4, 20, warmup_steps=4, end=0.1), 21)
    np.testing.assert_allclose(rates[:4], [0.1, 0.2, 0.3, 0.4], rtol=1e-6)
    t = np.arange(4, 21)
    expected = 0.1 + 0.3 * (1 + np.cos(np.pi * (t - 4) / 16)) / 2
    np.testing.assert_allclose(rates[4:], expected, rtol=1e-5)
    assert float(WarmupCosine(0.4, 20, end=0.1)(50)) == pytest.approx(0.1)


def test_one_cycle():
    rates = values(OneCycle(1.0, 11, rise_steps=4), 11)
    assert rates[0] == pytest.approx(1 / 25)
    assert rates.argmax() == 4
    assert rates[4] == pytest.approx(1)
    assert rates[2] == pytest.approx((1 + 1 / 25) / 2)
    assert rates[10] == pytest.approx(1 / 25 / 1e4, rel=1e-2)
    assert np.all(np.diff(rates[:5]) > 0)
    assert np.all(np.diff(rates[4:]) < 0)
    assert values(OneCycle(1.0, 100), 100).argmax() == 30


@pytest.mark.parametrize(
    "schedule",
    [WarmupCosine(0.4, 20, warmup_steps=4), OneCycle(1.0, 9), OneCycle(1.0, 9, rise_steps=2)],
)
def test_survives_serialisation(schedule):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    np.testing.assert_array_equal(values(again, 20), values(schedule, 20))
    assert again.get_config() == schedule.get_config()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`warmup_steps` must be.*warmup_steps=20, steps=20"):
        WarmupCosine(0.1, 20, warmup_steps=20)
    with pytest.raises(ValueError, match="`rise_steps` must be.*rise_steps=9, steps=9"):
        OneCycle(0.1, 9, rise_steps=9)
