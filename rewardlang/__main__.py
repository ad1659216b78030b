"""`python -m rewardlang` is the command line."""

import sys

from rewardlang.cli import main

if __name__ == "__main__":
    sys.exit(main())
