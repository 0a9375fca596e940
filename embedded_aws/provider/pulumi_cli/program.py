"""The process of one run of a Pulumi program, started by the language host.

What to run comes as JSON on stdin, because configuration may hold secrets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pulumi
from pulumi.runtime import stack as pulumi_stack

TOLD = 32  # exit code: the CLI has the message already


@dataclass(frozen=True)
class Run:
    """One run. `monitor` and `engine` are addresses of the CLI, `folder` is where it works."""

    program: str
    root: str
    folder: str
    project: str
    stack: str
    organization: str
    monitor: str
    engine: str
    parallel: int
    preview: bool
    config: dict[str, str]
    secret_keys: list[str]

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def execute(run: Run) -> int:
    """Runs the program against the CLI's monitor. Returns the exit code of the process."""
    pulumi.runtime.set_all_config(run.config, run.secret_keys)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=run.project,
            stack=run.stack,
            monitor=run.monitor,
            engine=run.engine,
            parallel=run.parallel,
            dry_run=run.preview,
            organization=run.organization,
            root_directory=run.root,
        )
    )
    # a failure reaches every dependent output; the CLI tells it once
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max(run.parallel, 1) * 4))

    async def program() -> None:
        runpy.run_path(run.program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi_stack.run_in_stack(program))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return TOLD
    except Exception as error:
        pulumi.log.error(f"the program failed:\n{_from_program(error, run.program)}")
        return TOLD
    return 0


def _from_program(error: BaseException, program: str) -> str:
    """The traceback from the program's own first frame on."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if frame.filename == program]
    shown = frames[own[0] :] if own else frames
    lines = traceback.format_list(shown) + traceback.format_exception_only(error)
    return "".join(lines).rstrip()


def main() -> None:
    run = Run(**json.load(sys.stdin))
    sys.path.insert(0, str(Path(run.program).parent))
    code = execute(run)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads of failed registrations may wait for an answer for ever


if __name__ == "__main__":
    main()
