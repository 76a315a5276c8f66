"""``python -m netopt``."""

from __future__ import annotations

import sys

from netopt.cli.main import main

sys.exit(main())
