"""Known answers of `vectors.json`: published ones, and our own proved by two other libraries."""

import json
from pathlib import Path
from typing import Any

_FILE = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))

TEST_DATA: dict[str, str] = _FILE["test_data"]
VECTORS: list[dict[str, Any]] = _FILE["vectors"]
FRAME_ALGORITHM = "UNIONPAY-STYLE FRAME"
