"""The venues' own host names on this machine: a private authority, and who answers for a name."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from genesis.exchange.reach import Reach

_DAY = timedelta(days=1)


class Leads(AbstractResolver):
    """Every name leads to one port of this machine; `asked` are the names, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del port, family
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None: ...


class LeadsNowhere(Leads):
    """Hears which names are asked for, and knows none of them."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del port, family
        self.asked.append(host)
        raise OSError(f"{host} is not looked up in a test")


@asynccontextmanager
async def named(hosts: Iterable[str], port: int) -> AsyncIterator[tuple[Reach, Leads]]:
    """TLS before a port of this machine, under these names; the way there."""
    names = frozenset(hosts)
    server_side, client_side = _contexts(names)

    async def welcome(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as both:
            both.create_task(_carry(near, forth))
            both.create_task(_carry(far, back))

    server = await asyncio.start_server(welcome, "127.0.0.1", 0, ssl=server_side)
    leads = Leads(server.sockets[0].getsockname()[1])
    try:
        yield Reach(names, lambda: leads, client_side), leads
    finally:
        server.close()


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    with suppress(OSError):
        sink.close()


@cache
def _contexts(names: frozenset[str]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of these names shows, and what believes it and nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a venue for tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in sorted(names)]), False
        )
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.write_bytes(shown + secret)
        server_side.load_cert_chain(both)
    return server_side, ssl.create_default_context(cadata=shown.decode())
