"""Switches with which tests make the model misbehave. All are off until planned."""

from __future__ import annotations

import functools
import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from embedded_aws.model.answers import Answer, tokens
from embedded_aws.model.errors import STATUS

_THOUGHT = "The posting has to be read before anything can be said. "
_FENCE = "```"


@dataclass(frozen=True)
class Target:
    """Which calls a fault is for; None leaves that aspect open."""

    model: str | None = None
    pass_name: str | None = None
    title: str | None = None

    def fits(self, model: str, pass_name: str, title: str) -> bool:
        pairs = ((self.model, model), (self.pass_name, pass_name), (self.title, title))
        return all(wanted is None or wanted == actual for wanted, actual in pairs)


@dataclass(frozen=True)
class Effects:
    """What a call is to suffer: a wait, a refusal, a given answer, a change of the answer."""

    stall: float = 0.0
    error: str | None = None
    answer: Answer | None = None
    change: Callable[[Answer], Answer] | None = None
    name: str | None = None


@dataclass
class _Plan:
    name: str
    target: Target
    effect: Effects
    times: int | None
    chance: Callable[[], bool] = lambda: True
    seconds: Callable[[], float] | None = None


@dataclass
class Faults:
    """Thread safe. Plans apply in the order made; each is used up after `times` calls
    (None: never). A call takes at most one refusal and one change or given answer.
    """

    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def throttle(self, times: int | None = 1, target: Target = Target()) -> None:
        """Refuses the next calls with ThrottlingException."""
        self.fail("ThrottlingException", times, target)

    def throttle_rate(self, rate: float, seed: int, target: Target = Target()) -> None:
        """Refuses a share of the calls (0 to 1), the same ones for the same seed."""
        effect = Effects(error="ThrottlingException", name="ThrottlingException")
        self._add(_Plan("throttle_rate", target, effect, None, chance=_share(rate, seed)))

    def fail(self, error: str, times: int | None = 1, target: Target = Target()) -> None:
        """Refuses the next calls with one of the errors in `STATUS`; KeyError for others."""
        if error not in STATUS:
            raise KeyError(f"no error {error!r} of InvokeModel; known: {', '.join(STATUS)}")
        self._plan("fail", target, Effects(error=error, name=error), times)

    def stall(self, seconds: float, times: int | None = 1, target: Target = Target()) -> None:
        """Lets the next calls wait before they are answered."""
        self._add(_Plan("stall", target, Effects(), times, seconds=lambda: seconds))

    def stall_between(
        self, least: float, most: float, seed: int, target: Target = Target()
    ) -> None:
        """Lets every call wait between `least` and `most` seconds, evenly spread."""
        spread = random.Random(seed)
        seconds = functools.partial(spread.uniform, least, most)
        self._add(_Plan("stall_between", target, Effects(), None, seconds=seconds))

    def truncate(self, characters: int, times: int | None = 1, target: Target = Target()) -> None:
        """Cuts the text and says the output limit was hit."""

        def change(answer: Answer) -> Answer:
            text = answer.text[:characters]
            return Answer(text, "length", answer.input_tokens, answer.output_tokens)

        self._change("truncate", change, times, target)

    def reasoning_only(self, times: int | None = 1, target: Target = Target()) -> None:
        """Gives reasoning and no answer."""
        self._rewrite("reasoning_only", lambda text: _reasoned(""), times, target)

    def malformed(self, times: int | None = 1, target: Target = Target()) -> None:
        """Breaks the JSON inside, so that no repair can restore what was meant."""
        self._change("malformed", _breaking, times, target)

    def malformed_rate(self, rate: float, seed: int, target: Target = Target()) -> None:
        """Breaks a share of the answers (0 to 1) like `malformed`."""
        effect = Effects(change=_breaking, name="malformed")
        self._add(_Plan("malformed_rate", target, effect, None, chance=_share(rate, seed)))

    def wrong_schema(self, times: int | None = 1, target: Target = Target()) -> None:
        """Gives a JSON object of another shape."""
        self._rewrite("wrong_schema", lambda text: json.dumps({"result": "done"}), times, target)

    def fenced(self, times: int | None = 1, target: Target = Target()) -> None:
        """Puts the answer into a code fence."""
        self._rewrite("fenced", _fenced, times, target)

    def reasoning_and_fence(self, times: int | None = 1, target: Target = Target()) -> None:
        """Puts reasoning before a fenced answer."""
        self._rewrite("reasoning_and_fence", lambda text: _reasoned(_fenced(text)), times, target)

    def replay(
        self,
        text: str,
        finish_reason: str = "stop",
        usage: tuple[int, int] | None = None,
        times: int | None = 1,
        target: Target = Target(),
    ) -> None:
        """Answers with the given text. `usage`: input and output tokens, else the estimate.

        Several replays for the same target are given one after the other.
        """
        counts = usage or (0, tokens(text))
        answer = Answer(text, finish_reason, *counts)
        self._plan("replay", target, Effects(answer=answer, name="replay"), times)

    def clear(self) -> None:
        """Forgets all plans."""
        with self._lock:
            self._plans.clear()

    def take(self, model: str, pass_name: str, title: str) -> Effects:
        """The effects on one call; uses up what it takes. A refused call keeps its answer plans."""
        stall, refusal, shaping = 0.0, None, None
        with self._lock:
            for plan in list(self._plans):
                if not plan.target.fits(model, pass_name, title):
                    continue
                effect = plan.effect
                if plan.seconds is not None:
                    stall += plan.seconds()
                elif effect.error is not None:
                    if refusal is not None or not plan.chance():
                        continue
                    refusal = effect
                else:
                    shaping = shaping or (plan if plan.chance() else None)
                    continue
                self._use(plan)
            if refusal is None and shaping is not None:
                self._use(shaping)
        if refusal is not None:
            return Effects(stall=stall, error=refusal.error, name=refusal.name)
        if shaping is None:
            return Effects(stall=stall)
        chosen = shaping.effect
        return Effects(stall, None, chosen.answer, chosen.change, chosen.name)

    def _use(self, plan: _Plan) -> None:
        if plan.times is not None:
            plan.times -= 1
            if plan.times <= 0:
                self._plans.remove(plan)

    def _plan(self, name: str, target: Target, effect: Effects, times: int | None) -> None:
        self._add(_Plan(name, target, effect, times))

    def _add(self, plan: _Plan) -> None:
        with self._lock:
            self._plans.append(plan)

    def _change(
        self, name: str, change: Callable[[Answer], Answer], times: int | None, target: Target
    ) -> None:
        self._plan(name, target, Effects(change=change, name=name), times)

    def _rewrite(
        self, name: str, rewrite: Callable[[str], str], times: int | None, target: Target
    ) -> None:
        def change(answer: Answer) -> Answer:
            text = rewrite(answer.text)
            return Answer(text, "stop", answer.input_tokens, tokens(text))

        self._change(name, change, times, target)


def _reasoned(text: str) -> str:
    return f"<reasoning>{_THOUGHT * 20}</reasoning>{text}"


def _fenced(text: str) -> str:
    return f"{_FENCE}json\n{text}\n{_FENCE}"


def _share(rate: float, seed: int) -> Callable[[], bool]:
    """True for a share of the times that it is asked, the same ones for the same seed."""
    chance = random.Random(seed)
    return lambda: chance.random() < rate


def _breaking(answer: Answer) -> Answer:
    text = _broken(answer.text)
    return Answer(text, "stop", answer.input_tokens, tokens(text))


def _broken(text: str) -> str:
    """Braces around the first half of the text without its quotes and brackets."""
    return "{" + re.sub(r'["{}\[\]]', "", text[: len(text) // 2]) + "}"
