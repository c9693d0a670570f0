"""The layers directly within a layer, and the weights that are its own, not theirs."""


def parts_of(layer):
    """Returns the layers directly within a layer, in the order in which it took them."""
    return layer._flatten_layers(include_self=False, recursive=False)


def own_weights(layer):
    """Returns the weights of a layer that belong to no layer within it."""
    theirs = {id(variable) for part in parts_of(layer) for variable in part.variables}
    return [variable for variable in layer.weights if id(variable) not in theirs]
