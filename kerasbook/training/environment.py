"""What a run ran on: versions, machine, devices, commit."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess

import tensorflow as tf

import kerasbook

PACKAGES = ("tensorflow", "keras", "tensorflow-datasets", "numpy")


def describe():
    """Returns the environment as plain JSON."""
    return {
        "kerasbook": kerasbook.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "devices": [device.device_type for device in tf.config.list_logical_devices()],
    }


def _processor():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _commit():
    """Returns the commit of the library's own checkout, or `None` if it is installed."""
    root = pathlib.Path(kerasbook.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    return result.stdout.strip() or None
