"""One conversation in every form that somebody may have recorded it in."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import yaml

KEY = "sk-proj-abcdefghijklmnopqrstuvwx"
THREAD = {"id": "thread_a1", "object": "thread", "created_at": 100, "metadata": {"author": "Zoë"}, "tool_resources": {}}
EVENTS = (
    b'event: thread.run.created\ndata: {"id":"run_a1","object":"thread.run","status":"queued"}\n\n'
    b'event: thread.message.delta\ndata: {"id":"msg_a1","delta":{"content":[{"type":"text"}]}}\n\n'
    b"event: done\ndata: [DONE]\n\n"
)
ERROR = {"error": {"message": "No thread found with id 'thread_zz'.", "type": "invalid_request_error"}}
LIST = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream; charset=utf-8"

# method, path with its query, body, status, type, answer
CALLS: list[tuple[str, str, Any, int, str, bytes]] = [
    ("POST", "/threads", {"metadata": {"author": "Zoë"}}, 200, JSON_TYPE, json.dumps(THREAD, indent=2).encode()),
    ("POST", "/threads/thread_a1/runs", {"assistant_id": "asst_a1", "stream": True}, 200, SSE_TYPE, EVENTS),
    ("GET", "/threads/thread_zz", None, 404, JSON_TYPE, json.dumps(ERROR).encode()),
    ("GET", "/threads/thread_a1/messages?limit=2&order=asc", None, 200, JSON_TYPE, json.dumps(LIST).encode()),
    ("GET", "/files/file-a1/content", None, 200, "image/png", b"\x89PNG\r\n\x1a\n\x00 and more"),
]
BASE = "https://api.openai.com/v1"
OTHER = "https://telemetry.example/v1/track"


def sent_headers(body: Any) -> dict[str, str]:
    kind = {} if body is None else {"Content-Type": JSON_TYPE}
    return {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v2", **kind}


def got_headers(kind: str, **more: str) -> dict[str, str]:
    return {"Content-Type": kind, "x-request-id": "req_1", "Set-Cookie": "session=abc", **more}


def text_of(body: Any) -> str:
    return "" if body is None else json.dumps(body)


def vcr(base: str = BASE, *, binary: bool = True) -> dict[str, Any]:
    """As vcr.py has it: compressed bytes, or texts where a text is possible."""
    found = []
    for method, path, body, status, kind, answer in CALLS:
        string: Any = gzip.compress(answer) if binary else answer.decode("utf-8", "replace")
        encoding = {"content-encoding": "gzip"} if binary else {}
        headers = {name: [value] for name, value in sent_headers(body).items()}
        found.append(
            {
                "request": {"method": method, "uri": base + path, "headers": headers, "body": text_of(body) or None},
                "response": {
                    "status": {"code": status, "message": "OK"},
                    "headers": {name: [value] for name, value in got_headers(kind, **encoding).items()},
                    "body": {"string": string},
                },
            }
        )
    return {"interactions": found, "version": 1}


def vcr_yaml(base: str = BASE) -> bytes:
    return yaml.safe_dump(vcr(base)).encode()


def old_httpx_vcr() -> bytes:
    """As vcr.py had httpx's answers: unpacked, with the header of the packed ones."""
    made = vcr()
    for each, call in zip(made["interactions"], CALLS, strict=True):
        headers = {name: value[0] for name, value in each["response"]["headers"].items()}
        each["response"] = {"status_code": call[3], "headers": headers, "content": call[5]}
    return yaml.safe_dump(made).encode()


def ruby_vcr() -> bytes:
    found = []
    for each, call in zip(vcr()["interactions"], CALLS, strict=True):
        request = {**each["request"], "body": {"encoding": "UTF-8", "string": text_of(call[2])}}
        packed = base64.b64encode(gzip.compress(call[5])).decode()
        response = {**each["response"], "body": {"encoding": "ASCII-8BIT", "base64_string": packed}}
        found.append({"request": request, "response": response, "recorded_at": "Tue, 31 Mar 2026 13:31:30 GMT"})
    return json.dumps({"http_interactions": found, "recorded_with": "VCR 6.2.0"}).encode()


def har(base: str = BASE) -> bytes:
    entries = [_entry(base + path, number, *call) for number, (_, path, *_), call in _counted()]
    noise = _entry(OTHER, 9, "POST", "", {"seen": 1}, 204, JSON_TYPE, b"")
    preflight = {**_entry(base + "/threads", 0, "OPTIONS", "", None, 204, JSON_TYPE, b""), "_priority": "High"}
    log = {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [preflight, *entries, noise]}
    return json.dumps({"log": log}).encode()


def _counted() -> list[tuple[int, Any, Any]]:
    return [(number, call, call) for number, call in enumerate(CALLS)]


def _entry(url: str, second: int, method: str, path: str, body: Any, status: int, kind: str, answer: bytes) -> Any:
    posted = {} if body is None else {"postData": {"mimeType": JSON_TYPE, "text": text_of(body)}}
    content = {"size": len(answer), "mimeType": kind, "encoding": "base64", "text": base64.b64encode(answer).decode()}
    return {
        "startedDateTime": f"2026-03-31T13:31:{second:02}.500Z",
        "time": 250.0,
        "_initiator": {"type": "script", "stack": {"callFrames": [{"url": "https://app.example/main.js"}]}},
        "request": {"method": method, "url": url, "headers": _pairs(sent_headers(body)), "queryString": [], **posted},
        "response": {
            "status": status,
            "headers": _pairs(got_headers(kind, **{"content-encoding": "br"})),
            "content": content,
        },
        "timings": {"wait": 200, "receive": 50},
    }


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def raw_http() -> dict[str, bytes]:
    """As on the wire: the events in chunks."""
    files = {}
    for number, (method, path, body, status, kind, answer) in enumerate(CALLS, 8):
        asked = [f"{method} /v1{path} HTTP/1.1", "Host: api.openai.com", *_lines(sent_headers(body))]
        files[f"{number}.request.http"] = "\r\n".join([*asked, "", text_of(body)]).encode()
        is_chunked = kind == SSE_TYPE
        told = got_headers(kind, **({"Transfer-Encoding": "chunked"} if is_chunked else {}))
        head = "\r\n".join([f"HTTP/1.1 {status} Some Words", *_lines(told), "", ""]).encode()
        files[f"{number}.response.http"] = head + (_chunks(answer) if is_chunked else answer)
    return files


def _lines(headers: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


def _chunks(data: bytes) -> bytes:
    cut = [data[start : start + 50] for start in range(0, len(data), 50)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut) + b"0\r\n\r\n"


def raw_json() -> dict[str, bytes]:
    files = {}
    for number, (method, path, body, status, kind, answer) in enumerate(CALLS, 1):
        asked = {"method": method, "path": "/v1" + path, "headers": sent_headers(body), "body": body}
        told: Any = {"status": status, "headers": got_headers(kind), "body": answer.decode("utf-8", "replace")}
        if kind == JSON_TYPE:
            told["body"] = json.loads(answer)
        files[f"{number:04}.request.json"] = json.dumps(asked).encode()
        files[f"{number:04}.response.json"] = json.dumps(told).encode()
    return files
