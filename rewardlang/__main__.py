"""The command line as a process of its own: `rewardlang`, and `python -m rewardlang`."""

import gc
import sys


def program() -> int:
    """Runs the command that the process was started with. Returns the exit code."""
    if sys.argv[1:2] == ["check"]:
        # Nearly all that its start makes is kept, and the collector went through it again and again: 13 of 150 ms. Not for commands that
        # run long over few objects: what they no longer need, and the buffers that it holds, would stay until there are as many.
        gc.set_threshold(50_000, *gc.get_threshold()[1:])
    from rewardlang.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(program())
