"""InvokeModel as Bedrock answers it: envelopes, limits, errors, faults, a server behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from embedded_aws.model.endpoint import OFFLINE_MODEL, ModelEndpoint, ModelReply
from embedded_aws.model.faults import Target
from embedded_aws.model.upstream import KEY_VARIABLE

_USER = """=== posting begins ===
Title: Data Engineer
Company: Fernlea Books
Location: Leeds
Description:
We are looking for a data engineer. Requirements: 3+ years of experience with Python. Apply now.
=== posting ends ===
"""


def _openai(pass_name: str = "pass1", **more: Any) -> bytes:
    system = {"role": "system", "content": f"pass: {pass_name}\nYou extract."}
    return json.dumps({"messages": [system, {"role": "user", "content": _USER}], **more}).encode()


def _anthropic(**more: Any) -> bytes:
    message = {"role": "user", "content": [{"type": "text", "text": _USER}]}
    body = {"anthropic_version": "bedrock-2023-05-31", "system": "pass: pass1", "max_tokens": 8192}
    return json.dumps({**body, "messages": [message], **more}).encode()


def _text(reply: ModelReply) -> str:
    return str(json.loads(reply.body)["choices"][0]["message"]["content"])


def test_an_openai_request_gets_a_chat_completion() -> None:
    reply = ModelEndpoint().invoke("openai.gpt-oss-120b-1:0", _openai(max_tokens=8192))
    body = json.loads(reply.body)
    assert (reply.status, body["model"]) == (200, OFFLINE_MODEL)
    assert body["choices"][0]["finish_reason"] == "stop"
    text = _text(reply)
    assert json.loads(text)["extraction"]["skills_classified"]["years_experience_min"] == 3
    assert body["usage"]["completion_tokens"] == -(-len(text) // 4)
    assert body["usage"]["prompt_tokens"] > len(_USER) // 4


def test_an_anthropic_request_gets_a_message() -> None:
    body = json.loads(ModelEndpoint().invoke("anthropic.claude-x", _anthropic()).body)
    assert (body["type"], body["stop_reason"]) == ("message", "end_turn")
    assert "extraction" in json.loads(body["content"][0]["text"])
    assert body["usage"]["output_tokens"] > 100


def test_the_output_limit_of_the_request_cuts_the_answer() -> None:
    body = json.loads(ModelEndpoint().invoke("m", _openai(max_completion_tokens=100)).body)
    assert body["choices"][0]["finish_reason"] == "length"
    assert len(body["choices"][0]["message"]["content"]) == 400
    assert body["usage"]["completion_tokens"] == 100
    cut = json.loads(ModelEndpoint().invoke("m", _anthropic(max_tokens=10)).body)
    assert cut["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "messages"),
        (b'{"messages": []}', "messages"),
        (b'{"messages": ["x"]}', "object"),
        (b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}', "output limit"),
        (b'{"messages": [{"role": "user", "content": "x"}]}', "pass: <name>"),
    ],
)
def test_what_cannot_be_answered_is_a_validation_error(body: bytes, message: str) -> None:
    reply = ModelEndpoint().invoke("m", body)
    assert (reply.status, reply.headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert message in json.loads(reply.body)["message"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("ThrottlingException", 429),
        ("ServiceUnavailableException", 503),
        ("ModelTimeoutException", 408),
        ("ModelNotReadyException", 429),
        ("InternalServerException", 500),
    ],
)
def test_planned_errors_look_like_bedrocks(error: str, status: int) -> None:
    model = ModelEndpoint()
    model.faults.fail(error)
    reply = model.invoke("m", _openai())
    assert (reply.status, reply.headers["x-amzn-ErrorType"]) == (status, error)
    assert model.invoke("m", _openai()).status == 200


def test_a_stall_waits_with_the_given_sleep() -> None:
    waits: list[float] = []
    model = ModelEndpoint(sleep=waits.append)
    model.faults.stall(61)
    assert model.invoke("m", _openai()).status == 200
    assert waits == [61]


def test_planned_changes_of_the_answer() -> None:
    model = ModelEndpoint()
    plain = _text(model.invoke("m", _openai()))
    model.faults.fenced()
    model.faults.reasoning_and_fence()
    model.faults.reasoning_only()
    model.faults.malformed()
    model.faults.wrong_schema()
    fenced, reasoned, empty, broken, other = (_text(model.invoke("m", _openai())) for _ in range(5))
    assert fenced == f"```json\n{plain}\n```"
    assert reasoned.startswith("<reasoning>")
    assert reasoned.endswith(fenced)
    assert empty.endswith("</reasoning>")
    with pytest.raises(ValueError, match=r"Expecting|delimiter|property"):
        json.loads(broken)
    assert "extraction" not in json.loads(other)


def test_truncation_reports_the_length_stop() -> None:
    model = ModelEndpoint()
    model.faults.truncate(300)
    body = json.loads(model.invoke("m", _openai()).body)
    assert body["choices"][0]["finish_reason"] == "length"
    assert len(body["choices"][0]["message"]["content"]) == 300


def test_a_replay_answers_one_posting_and_pass_with_its_usage() -> None:
    model = ModelEndpoint()
    target = Target(pass_name="pass1", title="Data Engineer")
    model.faults.replay("recorded", "length", (111, 222), target=target)
    assert "inference" in _text(model.invoke("m", _openai("pass2")))
    body = json.loads(model.invoke("m", _anthropic()).body)
    assert body["content"][0]["text"] == "recorded"
    assert body["stop_reason"] == "max_tokens"
    assert body["usage"] == {"input_tokens": 111, "output_tokens": 222}


def test_calls_are_recorded_until_reset() -> None:
    model = ModelEndpoint()
    model.faults.throttle()
    model.faults.fenced()
    for name in ("pass1", "pass1", "pass2"):
        model.invoke("acme.m", _openai(name))
    assert [(call.pass_name, call.outcome) for call in model.calls] == [
        ("pass1", "ThrottlingException"),
        ("pass1", "fenced"),
        ("pass2", "ok"),
    ]
    assert {(call.model_id, call.title) for call in model.calls} == {("acme.m", "Data Engineer")}
    model.faults.throttle(None)
    model.reset()
    assert model.calls == []
    assert model.invoke("m", _openai()).status == 200


class _Server(ThreadingHTTPServer):
    """An OpenAI-compatible server that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.status = 200
        self.body: dict[str, Any] = {
            "choices": [{"message": {"content": "hello"}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3},
            "extra": True,
        }


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        request = json.loads(self.rfile.read(length))
        self.server.asked.append({"path": self.path, **request})
        self.server.keys.append(self.headers["Authorization"])
        body = json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    found = _Server()
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def _behind(server: _Server) -> ModelEndpoint:
    return ModelEndpoint(f"http://127.0.0.1:{server.server_port}/v1/")


def test_a_server_gets_openai_requests_as_they_are(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    model = _behind(server)
    reply = model.invoke("acme.m", _openai(temperature=0.1))
    assert json.loads(reply.body) == server.body
    (asked,) = server.asked
    assert (asked["path"], asked["model"]) == ("/v1/chat/completions", "acme.m")
    assert asked["temperature"] == 0.1
    assert asked["messages"][0]["content"].startswith("pass: pass1")
    assert server.keys == ["Bearer secret"]
    assert (model.calls[0].input_tokens, model.calls[0].output_tokens) == (7, 3)


def test_an_anthropic_request_is_translated_both_ways(server: _Server) -> None:
    body = json.loads(_behind(server).invoke("anthropic.claude-x", _anthropic(top_p=0.9)).body)
    assert body["content"] == [{"type": "text", "text": "hello"}]
    assert (body["stop_reason"], body["model"]) == ("max_tokens", "anthropic.claude-x")
    assert body["usage"] == {"input_tokens": 7, "output_tokens": 3}
    (asked,) = server.asked
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["messages"][1]["content"] == _USER
    assert (asked["max_tokens"], asked["top_p"]) == (8192, 0.9)
    assert "anthropic_version" not in asked
    assert server.keys == [None]


def test_the_offline_model_never_leaves(server: _Server) -> None:
    assert _behind(server).invoke(OFFLINE_MODEL, _openai()).status == 200
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, "ThrottlingException"),
        (500, "ServiceUnavailableException"),
        (504, "ModelTimeoutException"),
        (401, "AccessDeniedException"),
        (400, "ValidationException"),
    ],
)
def test_a_servers_failure_gets_bedrocks_name(server: _Server, status: int, error: str) -> None:
    server.status = status
    model = _behind(server)
    assert model.invoke("m", _openai()).headers["x-amzn-ErrorType"] == error
    assert model.calls[0].outcome == error


def test_a_reply_without_a_completion_is_a_model_error(server: _Server) -> None:
    server.body = {"choices": []}
    reply = _behind(server).invoke("m", _openai())
    assert (reply.status, reply.headers["x-amzn-ErrorType"]) == (424, "ModelErrorException")


def test_an_absent_server_is_unavailable() -> None:
    reply = ModelEndpoint("http://127.0.0.1:9").invoke("m", _openai())
    assert (reply.status, reply.headers["x-amzn-ErrorType"]) == (503, "ServiceUnavailableException")


def test_many_threads_get_the_same_answer() -> None:
    model = ModelEndpoint()
    replies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: replies.append(model.invoke("m", _openai()).body))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == len(model.calls) == 8
    assert len(set(replies)) == 1
