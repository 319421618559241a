"""`python -m actors.simulator`: the same as the `imsg-sim` command."""

import sys

from actors.simulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
