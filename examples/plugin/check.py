"""Runs the promises of kerasbook on the plug-in's layer: `python check.py`."""

import tensorflow as tf
from kerasbook_gated import GatedUnit

from kerasbook.testing import check_layer

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
print("\n".join(check_layer(GatedUnit, (3, 5, 7, 6))))
