"""`dej enrich` and `dej posting` against the workflow and the model of the embedded AWS."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.enrichment.posting_file import read_work_item
from common.postings import posting_of
from infra.settings import load
from tests.cli.commands.conftest import Dej, Ended
from tests.stack import ROOT, TEXT, Stack, row

Write = Callable[..., Path]

POSTING = {
    "title": "Senior Data Engineer",
    "company": "Example Rivers Ltd",
    "location": "Lisbon, Portugal",
    "description": TEXT,
}
_serial = itertools.count()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file with one JSON object; its id is new."""

    def one(name: str = "posting.json", **fields: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"id": f"cli-{next(_serial)}", **POSTING, **fields}))
        return path

    return one


def id_of(path: Path) -> str:
    return str(json.loads(path.read_text())["id"])


def prompts(stack: Stack, ended: Ended) -> list[str]:
    """The texts that the command's execution sent to the model, in their order."""
    (arn,) = (line.split()[1] for line in ended.err.splitlines() if line.startswith("Execution "))
    calls = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])
        for event in stack.ended(arn).of("TaskScheduled")
        if event["taskScheduledEventDetails"]["resourceType"] == "bedrock"
    ]
    return ["".join(part["content"] for part in call["Body"]["messages"]) for call in calls]


# --- one posting through its passes


def test_all_passes(stack: Stack, dej: Dej, write: Write) -> None:
    calls = stack.calls

    ended = dej("--json", "enrich", str(write()))

    assert ended.code == 0, ended.err
    assert stack.calls == calls + 3
    assert [record["pass"] for record in ended.records] == ["pass1", "pass2", "pass3"]
    assert {record["id"] for record in ended.records} == {ended.err.split()[1]}
    for record, asked in zip(ended.records, prompts(stack, ended), strict=True):
        # THEN the size is that of what the model was really asked
        assert record["prompt_characters"] == len(asked)
        assert record["prompt_tokens_estimated"] == -(-len(asked) // 4)
        assert (record["status"], record["cached"], record["attempts"]) == ("COMPLETED", 0, 1)
        assert record["input_tokens"] > 0
    assert ended.records[0]["result"]["compensation"]["salary_min"] == 120_000
    assert ended.err.splitlines()[-1] == "Done: 0.000000 USD for new calls."


def test_one_pass_and_what_it_needs(stack: Stack, dej: Dej, write: Write) -> None:
    path, calls = write(), stack.calls

    first = dej("--json", "enrich", str(path), "--pass", "pass1")
    assert ([r["pass"] for r in first.records], stack.calls) == (["pass1"], calls + 1)
    second = dej("--json", "enrich", str(path), "--pass", "pass2")

    assert [(r["pass"], r["cached"]) for r in second.records] == [("pass1", 1), ("pass2", 0)]
    assert stack.calls == calls + 2


def test_a_second_time_costs_nothing_unless_forced(stack: Stack, dej: Dej, write: Write) -> None:
    path = write()
    dej("enrich", str(path))
    calls = stack.calls

    again = dej("--json", "enrich", str(path))
    assert [record["cached"] for record in again.records] == [1, 1, 1]
    assert stack.calls == calls

    forced = dej("--json", "enrich", str(path), "--force")
    assert [record["cached"] for record in forced.records] == [0, 0, 0]
    assert stack.calls == calls + 3


def test_what_people_see(dej: Dej, write: Write) -> None:
    path = write()

    ended = dej("enrich", str(path), "--pass", "pass1")

    first, second, third, *_, last = ended.out.splitlines()
    assert first.startswith("pass1  prompt of 10,")
    assert second.startswith("pass1  COMPLETED  offline-rules-v1  ")
    assert (third, last) == ("{", "}")
    posting, estimate, execution, *states, _ = ended.err.splitlines()
    assert posting == f"Posting {id_of(path)}"
    assert estimate.startswith("Estimated cost: ")
    assert execution.startswith("Execution arn:aws:states:")
    assert states
    assert all(state.startswith("  ") for state in states)


def test_the_estimate_is_what_postings_have_cost(dej: Dej, write: Write) -> None:
    dej("enrich", str(write()))

    ended = dej("enrich", str(write()))

    assert ended.err.splitlines()[1].startswith("Estimated cost: 0.0000 USD, as ")


def test_a_made_id_can_be_asked_for(dej: Dej, tmp_path: Path) -> None:
    path = tmp_path / "posting.json"
    path.write_text(json.dumps({"title": "Data Engineer without an id"}))

    ended = dej("enrich", str(path), "--pass", "pass1")

    name, id = ended.err.splitlines()[0].split()
    assert (name, id[:5]) == ("Posting", "file-")
    assert dej("posting", id).code == 0


def test_a_pass_that_fails(stack: Stack, dej: Dej, write: Write) -> None:
    path = write(scraped_at="2026-02-01T06:30:00")
    stack.aws.model.faults.wrong_schema(times=3)

    ended = dej("--json", "enrich", str(path))

    assert ended.code == 1
    assert ended.err.splitlines()[-3] == "error: The posting is FAILED."
    (record,) = ended.records
    assert (record["status"], record["attempts"], record["result"]) == ("FAILED", 3, None)

    (shown,) = dej("--json", "posting", id_of(path)).records
    assert shown["last_error"] == record["error"]
    assert shown["next"] == "the next discovery tries again (1 of 3 runs failed)"


def test_a_posting_of_no_partition_waits_for_no_discovery(
    stack: Stack, dej: Dej, write: Write
) -> None:
    path = write()
    stack.aws.model.faults.wrong_schema(times=3)
    dej("enrich", str(path))

    def following() -> str:
        (shown,) = dej("--json", "posting", id_of(path)).records
        return str(shown["next"])

    assert following() == (
        "discovery does not see a posting of no partition: `dej enrich FILE` tries again "
        "(1 of 3 runs failed)"
    )
    # AND it does
    assert dej("enrich", str(path)).code == 0
    assert following() == "nothing: it is of no partition, its results are in Bronze alone"


def test_an_execution_that_dies(stack: Stack, dej: Dej, write: Write) -> None:
    stack.aws.faults.fail(
        "dynamodb:UpdateItem",
        "ValidationException",
        matches=lambda request: b"enrichment-status" in request.body,
    )

    ended = dej("enrich", str(write()))

    assert ended.code == 1
    error, cause, hint = ended.err.splitlines()[-3:]
    assert error.startswith("error: The execution ended FAILED: DynamoDB.")
    assert cause.startswith("  because: planned by a test")
    assert hint.startswith("  try: dej posting cli-")


@pytest.fixture
def spent(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """0.75 USD of a ceiling of 0.50 were spent today."""
    local = load(ROOT, "local")
    limited = local.enrichment.model_copy(update={"daily_spend_ceiling_usd": 0.5})
    settings = local.model_copy(update={"enrichment": limited})
    monkeypatch.setattr("infra.settings.load", lambda root, name: settings)
    day = datetime.fromtimestamp(stack.aws.clock.now(), UTC).date().isoformat()
    table = {"TableName": "data-engineer-jobs-local-enrichment-slots"}
    dynamodb = stack.client("dynamodb")
    key = {"pk": {"S": "slots"}, "sk": {"S": "other-model"}}
    spending = {"limit": {"N": "0"}, "spent": {"M": {day: {"N": "0.75"}}}}
    dynamodb.put_item(**table, Item={**key, **spending})
    yield
    dynamodb.delete_item(**table, Key=key)
    dynamodb.delete_item(**table, Key={"pk": {"S": "slots-control"}, "sk": {"S": "spend"}})


@pytest.mark.usefixtures("spent")
def test_nothing_starts_above_the_ceiling_until_it_is_lifted(
    stack: Stack, dej: Dej, write: Write
) -> None:
    path, calls = write(), stack.calls

    refused = dej("enrich", str(path))
    assert (refused.code, stack.calls) == (1, calls)
    assert refused.err == (
        "error: Today's calls cost 0.7500 USD; the ceiling is 0.5.\n"
        "  try: dej spend lift --stack local\n"
    )
    assert "the ceiling of 0.5 USD is reached" in dej("spend").out

    dej("spend", "lift")
    assert "the ceiling of 0.5 USD was lifted by " in dej("spend").out
    assert dej("enrich", str(path), "--pass", "pass1").code == 0


def test_nothing_starts_where_no_call_gets_a_slot(dej: Dej, write: Write) -> None:
    path = str(write())

    dej("slots", "limit", "offline-rules-v1", "0")
    by_limit = dej("enrich", path)
    dej("slots", "limit", "offline-rules-v1", "5")
    dej("schedule", "pause", "--only", "slot-requests")
    by_pause = dej("enrich", path)
    dej("schedule", "resume", "--only", "slot-requests")

    assert (by_limit.code, by_limit.err) == (
        1,
        "error: No call gets a slot: the limit of offline-rules-v1 is 0.\n"
        "  try: dej slots limit offline-rules-v1 1 --stack local\n",
    )
    assert (by_pause.code, by_pause.err) == (
        1,
        "error: No call gets a slot: the pipe slot-requests is paused.\n"
        "  try: dej schedule resume --only slot-requests --stack local\n",
    )
    assert dej("enrich", path, "--pass", "pass1").code == 0


# --- what is known of a posting


def test_a_posting_after_its_passes(stack: Stack, dej: Dej, write: Write) -> None:
    path = write(scraped_at="2026-02-01T06:30:00")
    dej("enrich", str(path))

    (shown,) = dej("--json", "posting", id_of(path)).records

    assert (shown["status"], shown["partition"]) == ("COMPLETED", "2026/02/01/06")
    assert list(shown["passes"]) == ["pass1", "pass2", "pass3"]
    assert len(shown["bronze"]) == 6
    assert shown["executions"][-1].startswith("operator-2026")
    assert shown["last_error"] is None
    assert shown["next"].startswith("nothing: ")
    text = dej("posting", id_of(path)).out.splitlines()
    assert text[0].startswith(f"{id_of(path)}  content {shown['content_hash'][:12]}  COMPLETED")
    assert text[-1] == f"  next       {shown['next']}"


def test_versions_of_a_posting(dej: Dej, write: Write) -> None:
    path = write(scraped_at="2026-02-01T06:30:00")
    dej("enrich", str(path), "--pass", "pass1")
    other = write(id=id_of(path), title="Lead", scraped_at="2026-02-01T06:30:00")
    dej("enrich", str(other), "--pass", "pass1")

    shown = dej("--json", "posting", id_of(path)).records

    assert len({record["content_hash"] for record in shown}) == 2
    for record in shown:
        # Each names the Bronze objects of its own passes alone.
        assert len(record["bronze"]) == 2
        assert record["next"] == "the next discovery takes it up"


@pytest.mark.parametrize(
    ("attributes", "following"),
    [
        ({"overallStatus": "PENDING", "queued_at": "12:00"}, "it waits in the queue since 12:00"),
        (
            {
                "overallStatus": "IN_PROGRESS",
                "owner": "arn:aws:states:us-east-1:1:execution:m:gone",
            },
            "its execution is gone: the sweep frees it within 15 minutes",
        ),
        (
            {"overallStatus": "PERMANENTLY_FAILED"},
            "nobody tries again: change prompt or model, or `dej dlq redrive --id shown`",
        ),
    ],
)
def test_what_is_next(stack: Stack, dej: Dej, attributes: dict[str, str], following: str) -> None:
    table = stack.outputs["enrichment_status_table"]
    key = {"pk": {"S": "posting#shown"}, "sk": {"S": "0" * 64}}
    item = {**key, **{name: {"S": value} for name, value in attributes.items()}}
    stack.client("dynamodb").put_item(TableName=table, Item=item)

    (shown,) = dej("--json", "posting", "shown").records

    assert shown["next"] == following
    stack.client("dynamodb").delete_item(TableName=table, Key=key)


def test_a_posting_that_nobody_knows(dej: Dej) -> None:
    ended = dej("posting", "nobody")

    assert ended.code == 1
    assert ended.err.startswith("error: Nothing is known of posting nobody in stack local.\n")


# --- files


def test_the_work_item_is_that_of_a_silver_row(write: Write) -> None:
    silver = row(scraped_at="2026-02-01T06:30:00")
    path = write(**silver)

    work = read_work_item(path, None)

    assert work.posting == posting_of(silver)
    assert work.item["partition"] == "2026/02/01/06"


def test_short_names_are_silver_names(write: Write) -> None:
    short = read_work_item(write(id="1"), None).posting
    long = {
        "job_posting_id": "1",
        "job_title": POSTING["title"],
        "company_name": POSTING["company"],
        "job_location": POSTING["location"],
        "job_description_text": POSTING["description"],
    }

    assert short == posting_of(long)


def test_a_posting_without_id_and_hour(tmp_path: Path) -> None:
    path = tmp_path / "posting.json"
    path.write_text(json.dumps(POSTING))

    first, second = read_work_item(path, None), read_work_item(path, None)

    assert first.posting.job_posting_id == f"file-{first.posting.content_hash[:12]}"
    assert first == second
    assert first.partition == "1970/01/01/00"


@pytest.mark.parametrize(
    ("scraped_at", "partition"),
    [
        ("2026-01-31T01:30:00", "2026/01/31/01"),
        ("2026-01-31T01:30:00Z", "2026/01/31/01"),
        ("2026-01-31T01:30:00+05:00", "2026/01/30/20"),
    ],
)
def test_hours_are_in_utc(tmp_path: Path, write: Write, scraped_at: str, partition: str) -> None:
    rows = [{"id": "1", "title": "T", "scraped_at": datetime.fromisoformat(scraped_at)}]
    table = tmp_path / "row.parquet"
    pq.write_table(pa.Table.from_pylist(rows), table)

    for path in (write(scraped_at=scraped_at), table):
        assert read_work_item(path, None).partition == partition


@pytest.mark.parametrize("names", [("job_posting_id", "job_title"), ("id", "title")])
@pytest.mark.parametrize("kind", [str, int])
def test_one_of_several(tmp_path: Path, names: tuple[str, str], kind: type) -> None:
    rows = [dict(zip(names, (kind(number), f"T{number}"), strict=True)) for number in range(3)]
    lines, table = tmp_path / "rows.jsonl", tmp_path / "rows.parquet"
    lines.write_text("\n".join(json.dumps(one) for one in rows))
    pq.write_table(pa.Table.from_pylist(rows), table)

    for path in (lines, table):
        assert read_work_item(path, "1").posting.title == "T1"


@pytest.mark.parametrize(
    ("name", "text", "options", "sentence"),
    [
        ("x.json", "{", [], "{} is no JSON: write one object."),
        ("x.json", "[1]", [], "{} holds no object with a title and a description."),
        ("x.json", "{}", [],
         "{} has neither a title nor a description: give at least one of them."),
        ("x.json", '{"title": 42, "description": ["a"]}', [],
         "{}: title and description must be text in quotes."),
        ("x.json", '{"id": "a/b", "title": "T"}', [],
         "{}: job_posting_id has characters that no object key may have."),
        ("x.json", '{"title": "T", "scraped_at": "noon"}', [],
         "{}: scraped_at is 'noon'; write a time such as 2026-01-31T06:00:00."),
        ("x.jsonl", '{"id": "1"}\n{"id": "2"}', [], "{} has 2 postings: choose one by --id."),
        ("x.jsonl", '{"id": "1"}\nnonsense', [], "{}: line 2 is no JSON."),
        ("x.jsonl", '{"id": "1"}\n{"id": "1"}', ["--id", "1"], "{} has 2 postings with the id 1."),
        ("x.jsonl", '{"id": "1"}\n{"id": "2"}', ["--id", "3"], "{} has no posting with the id 3."),
        ("x.parquet", "PAR1", [], "{} is no Parquet file that can be read."),
    ],
)  # fmt: skip
def test_files_that_cannot_be(
    stack: Stack,
    dej: Dej,
    tmp_path: Path,
    name: str,
    text: str,
    options: list[str],
    sentence: str,
) -> None:
    path, calls = tmp_path / name, stack.calls
    path.write_text(text)

    ended = dej("enrich", str(path), *options)

    assert ended.code == 2
    assert ended.err.splitlines()[0] == f"error: {sentence.format(path)}"
    assert stack.calls == calls


def test_a_file_that_is_not_there(dej: Dej) -> None:
    ended = dej("enrich", "/nowhere.json")

    assert ended.code == 2
    assert ended.err == ("error: /nowhere.json is no file: give a JSON, JSONL or Parquet file.\n")


def test_a_pass_that_does_not_exist(dej: Dej, write: Write) -> None:
    ended = dej("enrich", str(write()), "--pass", "pass9")

    assert ended.code == 2
    assert ended.err.startswith("error: There is no pass 'pass9'.\n")
    assert "There is no pass ''." in dej("enrich", str(write()), "--pass", "").err


def test_a_stack_that_does_not_exist(dej: Dej) -> None:
    ended = dej("slots", "--stack", "moon")

    assert ended.code == 2
    assert ended.err.startswith("error: There is no stack moon: Pulumi.moon.yaml does not exist.\n")
