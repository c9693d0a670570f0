"""The network on the embedded digits."""

from kerasbook.registry import register
from kerasbook.training import Recipe

digits_gatednet = register("recipe")(
    Recipe(
        name="digits_gatednet",
        model="gatednet",
        dataset="digits",
        epochs=5,
        batch_size=32,
        learning_rate=5e-3,
        schedule="cosine",
    )
)
