"""The one kind of multipart body that clients send here: a form of text fields and a file."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final

from bridge.engine.effects import Upload
from bridge.records import Object
from bridge.upstream.scripted.refusals import refusal

LIMIT: Final = 512 * 1024 * 1024
"""Bytes of a body; the service takes files of this size."""


def form(kind: str, data: bytes) -> tuple[Object, Upload | None]:
    """The text fields and the file. `kind` is the content type with its boundary; 400 for what is no form."""
    if len(data) > LIMIT:
        raise refusal("Maximum content size limit exceeded.", status=413)
    message = BytesParser(policy=HTTP).parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + data)
    fields: Object = {}
    upload: Upload | None = None
    for part in parts(message):
        name, filename, content = part.get_param("name", header="content-disposition"), part.get_filename(), raw(part)
        if filename is not None:
            upload = Upload(repaired(filename), content, part.get_content_type())
        else:
            fields[str(name)] = content.decode("utf-8", "replace")
    return fields, upload


def parts(message: object) -> list[EmailMessage]:
    if not isinstance(message, EmailMessage) or not message.is_multipart() or message.defects:
        raise refusal("We could not parse the multipart body of your request.")
    return [part for part in message.iter_parts() if isinstance(part, EmailMessage)]


def raw(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise refusal("We could not parse the multipart body of your request.")
    return content


def repaired(name: str) -> str:
    """Clients write UTF-8, which comes out of the parser as surrogates, and escape quotes and line ends as browsers do
    (WHATWG HTML, "multipart form data")."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
