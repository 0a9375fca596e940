"""The recorded texts of five models through the whole partition path, with a priced model.

A posting of one partition stands for what one model said of one job: its title is what the model
endpoint tells it by. The posting's own text is invented; passes that were not recorded are
answered by the offline rules.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from common.postings import Posting, posting_of
from embedded_aws.model.endpoint import Call
from embedded_aws.model.faults import Target
from embedded_aws.provider.deploy import apply, destroy
from tests.shared_data import SHARED
from tests.stack import ROOT, Hour, Run, Stack, new_hour, row

pytestmark = [pytest.mark.shared, pytest.mark.xdist_group("replay")]

FOLDER = SHARED / "llm_raw"
PASSES = ("pass1", "pass2", "pass3")
MODEL = "openai.gpt-oss-120b-1:0"
NAMESPACE = "DataEngineerJobs/AIEnrichment"
FAILING = ("no_json", "truncated")
ATTEMPTS = 3


@dataclass(frozen=True)
class Recording:
    """A recorded text; `parse` is the manifest's word for what a parser meets in it."""

    pass_name: str
    parse: str
    root_ok: bool
    text: str


@dataclass(frozen=True)
class Chain:
    """What one model said of one job, as a row of Silver."""

    columns: dict[str, Any]
    recordings: dict[str, Recording] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.columns["job_title"])

    @property
    def failure(self) -> str | None:
        """The outcome that its first pass must have, None where all passes must succeed."""
        return next((r.parse for r in self.recordings.values() if r.parse in FAILING), None)


@dataclass(frozen=True)
class Replay:
    """The partition after its run."""

    stack: Stack
    hour: Hour
    run: Run
    calls: list[Call]
    items: list[tuple[Chain, dict[str, Any]]]  # each chain and the status item of its posting
    rows: dict[str, dict[str, Any]]  # of Silver-AI, by job_title
    earliest: datetime

    def passes(self) -> Iterator[tuple[Chain, str, dict[str, Any]]]:
        """Each chain, the name of a pass, and what the status item says of it."""
        for chain, item in self.items:
            for name, entry in item["passes"]["M"].items():
                yield chain, name, entry["M"]

    def bronze(self, entry: dict[str, Any]) -> dict[str, Any]:
        answer = self.stack.client("s3").get_object(
            Bucket=self.stack.outputs["bronze_bucket"], Key=entry["bronze_key"]["S"]
        )
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document


def recorded_chains() -> list[Chain]:
    chains: dict[tuple[str, str], Chain] = {}
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for entry in csv.DictReader(file):
            name = f"{entry['job_posting_id']}-{entry['model']}"
            chain = chains.setdefault(
                (entry["job_posting_id"], entry["model"]),
                Chain(row(job_posting_id=name, job_title=f"Data Engineer {name}")),
            )
            text = (FOLDER / entry["file"]).read_text(encoding="utf-8")
            chain.recordings[entry["pass"]] = Recording(
                entry["pass"], entry["parse"], entry["root_ok"] == "1", text
            )
    return list(chains.values())


def plan(stack: Stack, chains: list[Chain]) -> None:
    """Each text answers its pass of its posting; a failing one as often as it is asked for."""
    for number, chain in enumerate(chains):
        for recording in chain.recordings.values():
            stack.aws.model.faults.replay(
                recording.text,
                finish_reason="length" if recording.parse == "truncated" else "stop",
                usage=(2_000 + number, 1_000 + 3 * number),
                times=ATTEMPTS if recording.parse in FAILING else 1,
                target=Target(pass_name=recording.pass_name, title=chain.title),
            )


def priced_project(folder: Path) -> Path:
    """A project whose stack `dev` is the stack `local` but for its models, which have a price."""
    config = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    settings = config["config"]["data-engineer-jobs:settings"]
    settings["enrichment"]["models"] = dict.fromkeys(PASSES, MODEL)
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for name in ("Pulumi.yaml", "__main__.py"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def priced(shared_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A second stack on the same embedded AWS."""
    folder = tmp_path_factory.mktemp("priced")
    endpoint, state = shared_stack.aws.endpoint, folder / "state.json"
    applied = apply(priced_project(folder / "project"), "dev", endpoint, state)
    yield Stack(shared_stack.aws, applied.outputs)
    destroy("dev", endpoint, state)


@pytest.fixture(scope="module")
def replay(priced: Stack) -> Replay:
    hour, chains = new_hour(), recorded_chains()
    earliest = datetime.fromtimestamp(priced.aws.clock.now() + 600, UTC)
    priced.aws.advance_to(earliest.timestamp())
    priced.put_rows(hour, [chain.columns for chain in chains])
    priced.clear_faults()
    plan(priced, chains)
    before = priced.calls
    run = priced.enrich_partition(hour)
    priced.clear_faults()
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    items = [(chain, priced.posting_item(posting(chain))) for chain in chains]
    rows = {entry["job_title"]: entry for entry in priced.enriched(hour).to_pylist()}
    return Replay(priced, hour, run, priced.aws.model.calls[before:], items, rows, earliest)


def posting(chain: Chain) -> Posting:
    found = posting_of(chain.columns)
    assert isinstance(found, Posting)
    return found


def test_every_text_has_the_outcome_of_its_kind(replay: Replay) -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    for chain, name, entry in replay.passes():
        recording = chain.recordings.get(name)
        kind = "synthetic" if recording is None else recording.parse
        outcomes[kind, entry["outcome"]["S"]] += 1

    assert outcomes == {
        ("ok", "ok"): 693,
        ("malformed", "ok"): 1,
        ("synthetic", "ok"): 5,
        ("no_json", "no_json"): 10,
        ("truncated", "truncated"): 7,
    }


def test_texts_without_their_root_are_regrouped(replay: Replay) -> None:
    found = [
        replay.bronze(entry)
        for chain, name, entry in replay.passes()
        if name in chain.recordings
        and chain.recordings[name].parse == "ok"
        and not chain.recordings[name].root_ok
    ]

    assert len(found) == 2
    assert all(document["metadata"]["warnings"] for document in found)


def test_each_text_was_given_once_and_a_failing_one_thrice(replay: Replay) -> None:
    given = Counter((call.title, call.pass_name) for call in replay.calls)

    for chain, _ in replay.items:
        failing = chain.failure is not None
        expected = {"pass1": ATTEMPTS} if failing else dict.fromkeys(PASSES, 1)
        assert {n: given[chain.title, n] for n in PASSES if given[chain.title, n]} == expected
    assert Counter(call.outcome for call in replay.calls) == {
        "replay": 694 + ATTEMPTS * 17,
        "ok": 5,
    }
    assert {call.model_id for call in replay.calls} == {MODEL}


def test_a_failed_posting_keeps_its_reason_and_its_raw_text(replay: Replay) -> None:
    failed = [(chain, item) for chain, item in replay.items if chain.failure is not None]

    assert len(failed) == 17
    for chain, item in failed:
        entry = item["passes"]["M"]["pass1"]["M"]
        assert item["overallStatus"] == {"S": "FAILED"}
        assert list(item["passes"]["M"]) == ["pass1"]
        assert entry["attempts"] == {"N": str(ATTEMPTS)}
        assert entry["error"]["S"]
        assert raw_text(replay, chain) == chain.recordings["pass1"].text


def raw_text(replay: Replay, chain: Chain) -> str:
    s3, bucket = replay.stack.client("s3"), replay.stack.outputs["bronze_bucket"]
    prefix = f"ai_enrichment/{chain.columns['job_posting_id']}/"
    keys = [e["Key"] for e in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    assert len(keys) == 1
    assert keys[0].endswith("-raw.txt")
    return str(s3.get_object(Bucket=bucket, Key=keys[0])["Body"].read().decode())


def test_accepted_results_meet_their_schema_strictly(replay: Replay) -> None:
    schemas = {n: json.loads((ROOT / "schemas" / f"{n}.json").read_text("utf-8")) for n in PASSES}
    judges = {n: jsonschema.Draft202012Validator(schema) for n, schema in schemas.items()}
    judged = 0

    for _, name, entry in replay.passes():
        if entry["outcome"]["S"] == "ok":
            judges[name].validate(whole_answer(replay.bronze(entry), schemas[name]))
            judged += 1

    assert judged == 699


def whole_answer(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The answer as the schema wants it: the counts of its `metadata` lie in Bronze's own."""
    roots = schema["properties"]
    if "analysis" in roots:
        return dict(document["result"])
    answer = {name: document["result"] for name in roots if name != "metadata"}
    if "metadata" in roots:
        counts = roots["metadata"]["properties"]
        answer["metadata"] = {name: document["metadata"][name] for name in counts}
    return answer


def test_as_many_rows_come_out_and_say_what_failed(replay: Replay) -> None:
    assert replay.stack.enriched(replay.hour).num_rows == len(replay.rows) == 250
    assert replay.run.output["jobs_succeeded"] == 233
    assert replay.run.output["jobs_failed"] == replay.run.output["jobs_retryable"] == 17
    for chain, _ in replay.items:
        entry, failing = replay.rows[chain.title], chain.failure is not None
        assert entry["pass3_success"] is not failing
        assert (entry["enrichment_errors"] or "").startswith("Pass 1: ") is failing


def test_cost_is_tokens_times_price_everywhere(replay: Replay) -> None:
    prices = json.loads((ROOT / "prompts" / "prices.json").read_text("utf-8"))["models"][MODEL]
    calls = {chain.title: [0, 0] for chain, _ in replay.items}
    for call in replay.calls:
        calls[call.title][0] += call.input_tokens
        calls[call.title][1] += call.output_tokens
    costs = {
        title: (tokens[0] * prices["input"] + tokens[1] * prices["output"]) / 1_000_000
        for title, tokens in calls.items()
    }

    for chain, item in replay.items:
        entries = [entry["M"] for entry in item["passes"]["M"].values()]
        tokens = calls[chain.title]
        assert [sum(int(e[f"{w}_tokens"]["N"]) for e in entries) for w in ("input", "output")] == (
            tokens
        )
        spent = sum(float(entry["cost_usd"]["N"]) for entry in entries)
        assert spent == pytest.approx(costs[chain.title], abs=1e-8)
        enriched = replay.rows[chain.title]
        assert enriched["enrichment_cost_usd"] == pytest.approx(spent, abs=1e-6)
        assert enriched["total_tokens_used"] == sum(tokens)
    output, total = replay.run.output, sum(costs.values())
    assert total > 0.5
    assert output["total_cost_usd"] == pytest.approx(total, abs=1e-5)
    assert output["total_tokens"] == sum(sum(tokens) for tokens in calls.values())
    assert output["model_calls"] == len(replay.calls)
    assert output["unpriced_calls"] == 0


@pytest.mark.parametrize("dimension", [True, False])
def test_metrics_are_those_of_the_output(replay: Replay, dimension: bool) -> None:
    output, path = replay.run.output, replay.hour.path
    dimensions = [{"Name": "Partition", "Value": path}] if dimension else []
    counts = {
        "JobsProcessed": output["jobs_processed"],
        "JobsSucceeded": output["jobs_succeeded"],
        "TokensUsed": output["total_tokens"],
        "CostUSD": output["total_cost_usd"],
        "UnpricedCalls": 0,
    }
    rates = {f"Pass{n}SuccessRate": 100 * output["pass_rates"][f"pass{n}"] for n in (1, 2, 3)}

    for name, expected in counts.items():
        assert statistics(replay, name, dimensions)["Sum"] == pytest.approx(expected), name
    for name, expected in rates.items():
        found = statistics(replay, name, dimensions)
        assert found["Sum"] / found["SampleCount"] == pytest.approx(expected), name
    assert rates["Pass1SuccessRate"] == pytest.approx(100 * 233 / 250)


def statistics(replay: Replay, name: str, dimensions: list[dict[str, str]]) -> dict[str, float]:
    points = replay.stack.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=name,
        Dimensions=dimensions,
        StartTime=replay.earliest - timedelta(minutes=5),
        EndTime=replay.earliest + timedelta(days=1),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return {name: sum(point[name] for point in points) for name in ("Sum", "SampleCount")}
