"""LocallyConnected2D: AlexNet's first layer with and without shared weights."""

import math

import numpy as np

from kerasbook.layers import Conv2D, LocallyConnected2D


def test_alexnets_first_layer_has_105_705_600_parameters_unshared_and_34_944_shared():
    local = LocallyConnected2D(96, 11, strides=4)
    places = local.compute_output_shape((None, 227, 227, 3))[1:3]
    assert places == (55, 55)
    assert math.prod(places) * 96 == 290_400
    kernel, bias = local.kernel_shape(3, places), local.bias_shape(places)
    assert math.prod(kernel) + math.prod(bias) == 105_705_600
    shared = Conv2D(96, 11, strides=4)
    shared.build((None, 227, 227, 3))
    assert shared.count_params() == 34_944


def test_shapes_that_it_counts_by_are_those_of_its_variables():
    layer = LocallyConnected2D(4, 3, strides=2)
    layer.build((None, 9, 11, 2))
    assert layer.count_params() == 4 * 5 * 4 * (9 * 2 + 1)
    assert np.prod(layer.kernel_shape(2, (4, 5))) == layer.count_params() - 80
