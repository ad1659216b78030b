"""What exists when training begins is not gone through again at every full collection."""

from __future__ import annotations

import gc

import pytest

from rewardlang.trainer.heap import settled_heap


def test_the_collector_looks_at_new_objects_alone() -> None:
    """Inside, what was there before is no longer tracked in a generation, and new garbage is still found; afterwards all is as before."""

    class Node:
        own: Node

    before = [Node() for _ in range(1000)]
    with settled_heap():
        assert gc.get_freeze_count() > 1000
        assert not any(one is before[0] for one in gc.get_objects())
        node = Node()
        node.own = node
        del node
        assert gc.collect() >= 1
    assert gc.get_freeze_count() == 0
    assert any(one is before[0] for one in gc.get_objects())


def test_it_is_undone_by_a_failure() -> None:
    """An error inside leaves the collector as it was."""
    with pytest.raises(RuntimeError), settled_heap():
        raise RuntimeError
    assert gc.get_freeze_count() == 0
