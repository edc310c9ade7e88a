"""`python -m genesis` is the same as `genesis`."""

import sys

from genesis.cli.main import main

sys.exit(main())
