"""Operations of those who do the work: answers to task tokens, activities."""

from __future__ import annotations

from typing import Any

from .. import activities
from ..clock import Waiter
from ..errors import ApiError, StatesError
from ..jsontext import dumps
from ..store import Activity, OpenToken, Services, is_token
from .checks import Request, arn_of, json_of, name_of, page, paged, required, tags_of

POLL_SECONDS = 60


def _token(services: Services, request: Request) -> OpenToken:
    (text,) = required(request, "taskToken")
    token = services.store.tokens.get(text)
    if token is not None:
        return token
    if is_token(str(text)):
        raise ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'")


def succeed(services: Services, request: Request) -> dict[str, Any]:
    (text,) = required(request, "output")
    value = json_of(text, "InvalidOutput", "Output")
    _token(services, request).answer(value, None)
    return {}


def fail(services: Services, request: Request) -> dict[str, Any]:
    error = StatesError(request.get("error"), request.get("cause"))
    _token(services, request).answer(None, error)
    return {}


def beat(services: Services, request: Request) -> dict[str, Any]:
    _token(services, request).beat()
    return {}


# --- activities


def create(services: Services, request: Request) -> dict[str, Any]:
    name = name_of(request)
    arn = services.arn("activity", name)
    known = services.store.activities.get(arn)
    if known is None:
        known = Activity(arn, name, services.clock.now(), tags_of(request))
        services.store.activities[arn] = known
    return {"activityArn": arn, "creationDate": known.created}


def _activity(services: Services, request: Request) -> Activity:
    arn = arn_of(request, "activityArn", "activity")
    activity = services.store.activities.get(arn)
    if activity is None:
        raise ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return activity


def _shown(activity: Activity) -> dict[str, Any]:
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.created,
    }


def describe(services: Services, request: Request) -> dict[str, Any]:
    return _shown(_activity(services, request))


def delete(services: Services, request: Request) -> dict[str, Any]:
    arn = arn_of(request, "activityArn", "activity")
    services.store.activities.pop(arn, None)
    return {}


def list_(services: Services, request: Request) -> dict[str, Any]:
    shown, more = page(request, list(services.store.activities.values()), 1000)
    return paged("activities", [_shown(activity) for activity in shown], more)


async def poll(services: Services, request: Request) -> dict[str, Any]:
    """GetActivityTask: waits up to a minute; an empty answer means no task."""
    activity = _activity(services, request)
    waiter = Waiter(services.clock)
    clock = services.clock
    end = clock.timer(clock.now() + POLL_SECONDS, waiter.wake)
    try:
        task = await activities.poll(activity, request.get("workerName"), waiter)
    finally:
        end.cancel()
    return {} if task is None else {"taskToken": task.token, "input": dumps(task.input)}
