"""python -m embedded_aws.stepfunctions.conformance DIR [--json FILE]"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from . import load_cases, run_case


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m embedded_aws.stepfunctions.conformance",
        description="Runs recorded Step Functions executions through the engine and compares.",
    )
    parser.add_argument("folder", type=Path, help="a folder of cases, one JSON file each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    verdicts = [run_case(case) for case in load_cases(options.folder)]
    failed = [verdict for verdict in verdicts if verdict.difference is not None]
    for verdict in failed:
        print(f"{verdict.id}\n    {verdict.difference}")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in verdicts], indent=2))
    print(f"{len(verdicts) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


raise SystemExit(main())
