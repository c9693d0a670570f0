"""The layers of a functional model in an order that depends on what feeds what alone."""

import keras


def operations(model, *, within=True):
    """Returns the operations of a model, each after those that feed it.

    It is the order of a walk from the outputs to the inputs that follows the arguments of each
    operation from the first to the last. Two models of the same structure give corresponding
    lists, whatever lies between, such as paddings, changes the depth of a branch. Models within
    the model give way to their operations, unless `within` is `False`.
    """
    order, seen = [], set()
    stack = [(tensor, False) for tensor in reversed(model.outputs)]
    while stack:
        tensor, is_ready = stack.pop()
        operation, index, _ = tensor._keras_history
        if is_ready:
            inner = within and isinstance(operation, keras.Model) and operation.outputs
            order += operations(operation) if inner else [operation]
        elif (operation, index) not in seen:
            seen.add((operation, index))
            stack.append((tensor, True))
            node = operation._inbound_nodes[index]
            stack += [(source, False) for source in reversed(node.input_tensors)]
    return list(dict.fromkeys(order))  # a shared layer once


def weighted_layers(model):
    """Returns the layers of a model that have weights, in the order of `operations`."""
    return [o for o in operations(model) if isinstance(o, keras.layers.Layer) and o.weights]


def stride_of(tensor):
    """Returns the pixels of the input between neighbours of a symbolic map.

    It is the product of the strides along one way back to the input, which is the same for all
    ways; layers of layers tell theirs by their attribute `strides`.
    """
    stride = 1
    while True:
        operation, index, _ = tensor._keras_history
        sources = operation._inbound_nodes[index].input_tensors
        if not sources:
            return stride
        strides = getattr(operation, "strides", 1)
        stride *= strides if isinstance(strides, int) else strides[0]
        tensor = sources[0]
