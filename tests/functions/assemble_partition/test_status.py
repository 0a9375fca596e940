"""Reading status items in batches."""

from __future__ import annotations

from typing import Any

import pytest

from assemble_partition.status import Status, StatusUnavailable, read_statuses


class Table:
    """Gives at most `limit` items per call; the rest is unprocessed, as on a throttled table."""

    def __init__(self, limit: int) -> None:
        self.limit, self.sizes = limit, list[int]()

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        request = RequestItems["t"]
        keys = request["Keys"]
        self.sizes.append(len(keys))
        items = [{**key, "overallStatus": {"S": "COMPLETED"}} for key in keys[: self.limit]]
        rest = keys[self.limit :]
        unprocessed = {"t": {**request, "Keys": rest}} if rest else {}
        return {"Responses": {"t": items}, "UnprocessedKeys": unprocessed}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("assemble_partition.status.time.sleep", made.append)
    return made


def test_a_hundred_keys_at_a_time_and_unprocessed_ones_again(waits: list[float]) -> None:
    table = Table(limit=60)
    keys = [(str(number), "hash") for number in range(250)]
    assert read_statuses(table, "t", keys) == {key: Status("COMPLETED") for key in keys}
    assert table.sizes == [100, 40, 100, 40, 50]
    assert [wait for wait in waits if wait] == [0.1, 0.1]


def test_a_table_that_stays_throttled_is_an_error(waits: list[float]) -> None:
    with pytest.raises(StatusUnavailable, match=r"^t is throttled: run the partition again later"):
        read_statuses(Table(limit=0), "t", [("1", "hash")])
    assert waits == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4]


def test_without_keys_nothing_is_asked() -> None:
    table = Table(limit=100)
    assert read_statuses(table, "t", []) == {}
    assert table.sizes == []
