"""Models rebuilt from the configs of others, some layers changed, with the weights of these."""

import copy
import inspect

import keras

from kerasbook.layers.own_weights import own_weights, parts_of


def config_of(model):
    """Returns a config of a functional or sequential model that may be changed.

    Raises:
        ValueError: If the model is of another kind, or not built.
    """
    config = copy.deepcopy(model.get_config()) if isinstance(model, keras.Model) else {}
    graph = isinstance(model, keras.Sequential) or "output_layers" in config
    if not graph or not model.built:
        raise ValueError(
            "`model` must be a built functional or `Sequential` model. Received: "
            f"model={getattr(model, 'name', model)!r} of class {type(model).__name__}, "
            f"built={getattr(model, 'built', False)}"
        )
    return config


def references(config):
    """Yields the lists `[name, node, tensor]` by which a config names tensors, to be changed."""
    for entry in config["layers"]:
        yield from references_within(entry.get("inbound_nodes", []))
    yield from references_within(config.get("output_layers", []))


def references_within(structure):
    """Yields the lists by which a part of a config names tensors."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if not isinstance(structure, (list, tuple)):
        return
    if len(structure) == 3 and isinstance(structure[0], str) and type(structure[1]) is int:
        yield structure
        return
    for part in structure:
        yield from references_within(part)


def changed_config(model, change, is_output=True):
    """Returns a model's config, its layers and those of models within it changed.

    Args:
        model: A built functional or `keras.Sequential` model.
        change: Function of a layer, its entry in the config, which it may change, and whether
            its outputs are outputs of the outermost model. An operation of `keras.ops` is `None`.
        is_output: Whether the model's outputs are those of the outermost one.
    """
    config = config_of(model)
    config.pop("build_input_shape", None)
    if isinstance(model, keras.Sequential):
        outputs = {model.layers[-1].name}
    else:
        outputs = {name for name, _, _ in references_within(config["output_layers"])}
    by_name = {layer.name: layer for layer in model.layers}
    for entry in config["layers"]:
        # Layers are built when they are called, by the shapes that reach them then.
        entry.pop("build_config", None)
        name = entry["config"]["name"]
        ends = is_output and name in outputs
        if isinstance(by_name.get(name), keras.Model):
            entry["config"] = changed_config(by_name[name], change, ends)
        else:
            change(by_name.get(name), entry, ends)
    return config


def put_in_place(entry, layer):
    """Makes an entry of a config that of another layer, with the name of the one before."""
    new = keras.saving.serialize_keras_object(layer)
    new.pop("build_config", None)
    new["config"]["name"] = entry["config"]["name"]
    entry.update(new)
    taken = inspect.signature(layer.call).parameters
    for node in entry.get("inbound_nodes", []):  # such as the `mask` of a batch normalization
        node["kwargs"] = {name: value for name, value in node["kwargs"].items() if name in taken}


def copy_weights(old, new, *, replaced=(), carry=None, assign=None):
    """Copies the weights of a layer or a model to one that is made like it.

    Args:
        old: The layer or model.
        new: Its likeness. What is within is as in `old`, but for layers of `replaced` classes.
        replaced: Classes of layers that may have others in their place, or none.
        carry: Function of such a layer and of the one in its place, which copies what fits.
        assign: Function of a layer, its weight and the one in its place, in place of `assign`.
    """
    if isinstance(old, replaced):
        if carry is not None:
            carry(old, new)
        return
    for mine, its in _same(own_weights(old), own_weights(new)):
        if assign is None:
            its.assign(mine)
        else:
            assign(old, mine, its)
    if isinstance(old, keras.Model):
        pairs = [(layer, new.get_layer(layer.name)) for layer in old.layers]
    else:
        pairs = _alike(parts_of(old), parts_of(new), replaced)
    for mine, its in pairs:
        copy_weights(mine, its, replaced=replaced, carry=carry, assign=assign)


def _same(mine, its):
    """Returns pairs of weights; a layer may have got a bias, or lost one."""
    if len(mine) == len(its):
        return list(zip(mine, its, strict=True))
    by_name = {weight.name: weight for weight in its}
    return [(weight, by_name[weight.name]) for weight in mine if weight.name in by_name]


def _alike(mine, its, replaced):
    """Returns pairs of layers; those of replaced classes are paired if all have got another."""
    kept = [[part for part in parts if not isinstance(part, replaced)] for parts in (mine, its)]
    others = [[part for part in parts if isinstance(part, replaced)] for parts in (mine, its)]
    pairs = list(zip(*kept, strict=True))
    return pairs + list(zip(*others, strict=True)) if len(others[0]) == len(others[1]) else pairs
