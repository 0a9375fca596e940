"""Speaks Redshift's wire protocol to clients and PostgreSQL's to a server behind it.

The two protocols are the same but for start-up parameters, the announced version and the SQL
itself, which rewrite.py turns round.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.dbt_gold.redshift.rewrite import to_postgres

PROTOCOL = 196608
TLS_REQUEST = 80877103
KNOWN_PARAMETERS = {b"user", b"database", b"application_name", b"options", b"client_encoding"}
REDSHIFT_VERSION = b"server_version\x008.0.2\0"


@contextmanager
def redshift(postgres_port: int, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yields the port on 127.0.0.1 that answers as Redshift, from a thread of its own.

    With `tls` who connects without it is hung up on, as by a workgroup that requires it.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="redshift-wire")
    thread.start()

    async def start() -> asyncio.Server:
        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _serve(reader, writer, postgres_port, tls)

        return await asyncio.start_server(client, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_hang_up(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _hang_up(server: asyncio.Server) -> None:
    """Ends every conversation: a coroutine left pending would be thrown away anywhere, any time."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    port: int,
    tls: ssl.SSLContext | None,
) -> None:
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        if tls:
            await _secured(reader, writer, tls)
        await asyncio.gather(_to_server(reader, server_writer), _to_client(server_reader, writer))
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        pass  # either side has hung up, or does not trust the other
    finally:
        writer.close()
        server_writer.close()


async def _secured(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
) -> None:
    if await _body(reader) != struct.pack("!i", TLS_REQUEST):
        raise ConnectionError("connect with TLS: this server requires it")
    writer.write(b"S")
    await writer.drain()
    await writer.start_tls(tls)


async def _to_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        writer.write(_framed(b"", _startup(await _body(reader))))
        while True:
            kind = await reader.readexactly(1)
            writer.write(_framed(kind, _rewritten(kind, await _body(reader))))
            await writer.drain()
    finally:
        writer.close()


async def _to_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    kind = b""
    while kind != b"Z":  # until the server is ready, its greetings are read one by one
        kind = await reader.readexactly(1)
        body = await _body(reader)
        if kind == b"S" and body.startswith(b"server_version\0"):
            body = REDSHIFT_VERSION
        writer.write(_framed(kind, body))
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def _startup(body: bytes) -> bytes:
    """The start-up message without the parameters that PostgreSQL does not know."""
    (protocol,) = struct.unpack("!i", body[:4])
    if protocol != PROTOCOL:
        raise ConnectionError("connect with sslmode=disable: this server speaks no TLS")
    words = body[4:].split(b"\0")
    pairs = zip(words[0::2], words[1::2], strict=False)
    known = b"".join(b"%b\0%b\0" % pair for pair in pairs if pair[0] in KNOWN_PARAMETERS)
    return body[:4] + known + b"\0"


def _rewritten(kind: bytes, body: bytes) -> bytes:
    """A Query or Parse message with its statement rewritten; any other as it is."""
    if kind == b"Q":
        return to_postgres(body[:-1].decode()).encode() + b"\0"
    if kind == b"P":
        name, statement, types = body.split(b"\0", 2)
        return name + b"\0" + to_postgres(statement.decode()).encode() + b"\0" + types
    return body


async def _body(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
