"""Whether the hub can be reached at all, asked once and briefly: its own client tries again and again, for a minute or more."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rewardlang.trainer.problem import TrainingProblem

_SECONDS = 10.0


def check_hub(what: str, name: str, *, model: bool, revision: str | None = None) -> None:
    """Raises `TrainingProblem` where nothing of `name` was downloaded before and the hub does not answer."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or (_model_is_here(name, revision) if model else _data_set_is_here(name)):
        return
    host, port, proxy = _first_hop(constants.ENDPOINT)
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        through = f" through the proxy {host}" if proxy else ""
        raise TrainingProblem(
            f"there is no folder {name}, so it was taken for {what} on the hub, and {constants.ENDPOINT} cannot be reached{through}: "
            f"{error.strerror or error}",
            "name a folder, or try again with a network; a hub of your own is named by the environment variable HF_ENDPOINT",
        ) from None


def _first_hop(endpoint: str) -> tuple[str, int, bool]:
    """Host and port that a request to the hub goes to first, and whether that is a proxy."""
    asked = urlsplit(endpoint)
    host = asked.hostname or endpoint
    proxies = getproxies()
    proxy = None if proxy_bypass(host) else proxies.get(asked.scheme) or proxies.get("all")
    hop = asked if proxy is None else urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return hop.hostname or host, hop.port or (80 if hop.scheme == "http" else 443), proxy is not None


def _model_is_here(name: str, revision: str | None) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str)


def _data_set_is_here(name: str) -> bool:
    from datasets import config
    from huggingface_hub import constants

    prepared = config.HF_DATASETS_CACHE / name.replace("/", "___").lower()
    downloaded = Path(constants.HF_HUB_CACHE) / f"datasets--{name.replace('/', '--')}"
    return prepared.is_dir() or downloaded.is_dir()
