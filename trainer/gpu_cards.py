"""Cards by name, and the card at hand: how many bytes a process may take."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Card:
    """A GPU and its memory in bytes, as its driver reports it (`memory.total`)."""

    name: str
    total: int


# What `nvidia-smi` shows as memory.total, in MiB. A size such as "15GB" is also a name: decimal gigabytes, as datasheets count them.
_MEBIBYTES = {
    "T4": 15360,
    "L4": 23034,
    "A10G": 23028,
    "RTX3090": 24576,
    "RTX4090": 24564,
    "RTX5090": 32607,
    "A40": 46068,
    "L40S": 46068,
    "A100-40": 40960,
    "A100-80": 81920,
    "H100": 81559,
    "H200": 143771,
}


def card_named(name: str) -> Card:
    """The card of this name, or one of a size such as `24GB` or `13.5GiB`. Raises `ValueError` with the known names."""
    key = name.strip().upper().replace(" ", "").replace("_", "-")
    for suffix, unit in (("GIB", GIB), ("GB", 10**9)):
        if key.endswith(suffix):
            try:
                size = float(key.removesuffix(suffix))
            except ValueError:
                break
            if 0 < size < 1e9:
                return Card(name.strip(), int(size * unit))
    if key not in _MEBIBYTES:
        raise ValueError(f"unknown card {name!r}; known are {', '.join(_MEBIBYTES)}, and sizes such as 24GB or 13.5GiB")
    return Card(key, _MEBIBYTES[key] * 2**20)


def card_at_hand() -> Card | None:
    """The first GPU of this machine, or `None` where there is no NVIDIA driver."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    return Card(str(pynvml.nvmlDeviceGetName(handle)), int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
