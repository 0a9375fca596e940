"""Warm environments of all functions: reuse, limits, and replacement when a function changes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from embedded_aws.lambda_runtime.environment import Environment, FunctionSpec

PER_CORE = 2
"""Environments of one function at once, per core: more would only wait for each other."""


class Pool:
    """Lends environments. A caller beyond a function's limit waits for one to come back."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit or max(2, PER_CORE * (os.cpu_count() or 1))
        self._idle: dict[str, list[Environment]] = {}
        self._lent: dict[str, int] = {}
        self._working: set[Environment] = set()
        self._changed = threading.Condition()
        self._closed = False

    @contextmanager
    def environment(self, spec: FunctionSpec) -> Iterator[Environment]:
        """A warm environment of exactly this spec, or a new one.

        Raises RuntimeError once the pool is closed.
        """
        environment = self._borrow(spec) or self._start(spec)
        with self._changed:
            self._working.add(environment)
        try:
            yield environment
        finally:
            self._give_back(environment)

    def close(self) -> None:
        """Ends every environment and takes no more calls; calls under way fail."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.retire()

    def retire(self) -> None:
        """Ends every environment: calls under way fail, the next ones start afresh."""
        with self._changed:
            idle = [environment for kept in self._idle.values() for environment in kept]
            self._idle.clear()
            working = list(self._working)
        for environment in idle:
            environment.close()
        for environment in working:
            environment.kill()

    def sizes(self) -> dict[str, int]:
        """Function name -> living environments."""
        with self._changed:
            names = {*self._idle, *self._lent}
            return {n: len(self._idle.get(n, [])) + self._lent.get(n, 0) for n in sorted(names)}

    def _borrow(self, spec: FunctionSpec) -> Environment | None:
        """An idle environment, or None with the right to start one."""
        stale: list[Environment] = []
        with self._changed:
            while True:
                if self._closed:
                    raise RuntimeError("the Lambda runtime is shut down")
                idle = self._idle.get(spec.name, [])
                fit = [e for e in idle if e.spec == spec and e.alive]
                stale += [e for e in idle if e not in fit]
                idle[:] = fit
                if idle or self._lent.get(spec.name, 0) < self.limit:
                    break
                self._changed.wait()
            self._lent[spec.name] = self._lent.get(spec.name, 0) + 1
            found = idle.pop() if idle else None
            stale += [] if found else self._surplus()
        for environment in stale:
            environment.close()
        return found

    def _surplus(self) -> list[Environment]:
        """Room for one more: the longest unused environments beyond twice a function's limit."""
        idle = sorted((e for kept in self._idle.values() for e in kept), key=lambda e: e.last_used)
        living = len(idle) + sum(self._lent.values())
        out = idle[: max(0, living - 2 * self.limit)]
        for environment in out:
            self._idle[environment.spec.name].remove(environment)
        return out

    def _start(self, spec: FunctionSpec) -> Environment:
        try:
            return Environment(spec)
        except BaseException:
            self._return_right(spec.name)
            raise

    def _give_back(self, environment: Environment) -> None:
        with self._changed:
            self._working.discard(environment)
            keep = environment.usable and not self._closed
            if keep:
                self._idle.setdefault(environment.spec.name, []).append(environment)
        if not keep:
            environment.close()
        self._return_right(environment.spec.name)

    def _return_right(self, name: str) -> None:
        with self._changed:
            self._lent[name] -= 1
            if not self._lent[name]:
                del self._lent[name]
            self._changed.notify_all()
