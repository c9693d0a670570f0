"""The Keras optimizer that a recipe asks for."""

import keras

from kerasbook.training.schedules import OneCycle, WarmupCosine

# Keras does these apart for each replica, before or beside the sum over replicas.
REFUSED = {
    *("clipnorm", "clipvalue", "global_clipnorm", "loss_scale_factor"),
    *("use_ema", "ema_overwrite_frequency", "gradient_accumulation_steps"),
}
# Decay pulls at what multiplies the inputs; offsets and the scales of norms are left alone.
NOT_DECAYED = ("bias", "beta", "gamma")


def make_optimizer(recipe, steps_per_epoch):
    """Returns the recipe's optimizer with its schedule, decay and loss scaling.

    Clipping is not in it: gradients are clipped by the step, after the sum over replicas.

    Raises:
        ValueError: If the optimizer does not take one of `optimizer_arguments`.
    """
    refused = REFUSED & set(recipe.optimizer_arguments)
    if refused:
        raise ValueError(
            "`optimizer_arguments` must leave clipping, averaging and accumulation alone, which "
            "Keras does apart for each replica; there is `clip_norm`. "
            f"Received: optimizer_arguments={recipe.optimizer_arguments}"
        )
    arguments = {
        **recipe.optimizer_arguments,
        "learning_rate": make_schedule(recipe, steps_per_epoch),
    }
    if recipe.weight_decay:
        arguments["weight_decay"] = recipe.weight_decay
    classes = {name.lower(): getattr(keras.optimizers, name) for name in dir(keras.optimizers)}
    try:
        optimizer = classes[recipe.optimizer](**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`optimizer_arguments` must suit {recipe.optimizer!r}: {error}. "
            f"Received: optimizer_arguments={recipe.optimizer_arguments}"
        ) from error
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    if recipe.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def make_schedule(recipe, steps_per_epoch):
    """Returns the recipe's learning rate: a number, or a schedule over all its steps."""
    steps = recipe.epochs * steps_per_epoch
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    if steps < 2 or (recipe.schedule == "constant" and not warmup):
        return recipe.learning_rate
    if recipe.schedule == "one_cycle":
        rise = min(warmup, steps - 1) or None
        return OneCycle(recipe.learning_rate, steps, rise_steps=rise)
    if recipe.cycles > 1:  # Loshchilov and Hutter, 2017; Huang et al., 2017, equation 2
        return keras.optimizers.schedules.CosineDecayRestarts(
            recipe.learning_rate, steps // recipe.cycles, t_mul=1.0
        )
    end = recipe.learning_rate if recipe.schedule == "constant" else 0.0
    return WarmupCosine(recipe.learning_rate, steps, warmup_steps=min(warmup, steps - 1), end=end)
