"""SendGrid's own client, with an end to every call, and what is known when it fails."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from growth.campaigns.email.provider import InDoubtError, SendGridProvider
from growth.errors import PermanentError, TransientError
from tests.conftest import NOON
from tests.sandbox.running import Running

MAIL = {
    "from": {"email": "hello@makers.example"},
    "subject": "Good day",
    "content": [{"type": "text/plain", "value": "Good day"}],
    "personalizations": [{"to": [{"email": "anna@example.com"}]}],
}


class Answering(BaseHTTPRequestHandler):
    """Answers with a status, and with a letter every now and then where its server says so."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)  # type: ignore[attr-defined]  # ours
        answer: bytes = self.server.answer  # type: ignore[attr-defined]  # likewise
        for letter in answer:
            self.wfile.write(bytes([letter]))
            if self.server.over.wait(self.server.pace):  # type: ignore[attr-defined]  # likewise
                return

    def do_GET(self) -> None:
        """A redirected POST becomes one."""
        self.server.asked.append(self.path)  # type: ignore[attr-defined]  # likewise

    def log_message(self, *_: object) -> None:
        """Quietly."""


class Server(ThreadingHTTPServer):
    def __init__(self, answer: bytes, pace: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answer, self.pace = answer, pace
        self.asked: list[str] = []
        self.over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """The other side had enough."""


def answer(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()


def test_an_answer_that_drips_ends_at_the_deadline_and_is_in_doubt(mail: Running) -> None:
    mail.faults.drip_seconds = 0.5  # each letter well within the time-out, all of them in more than a minute
    mail.faults.next_requests("accept-then-drip")
    provider = SendGridProvider(mail.key, mail.url, 1.0)
    with pytest.raises(InDoubtError, match="timed out"):
        provider.send(MAIL, NOON)
    assert len(mail.mailbox) == 1
    assert provider.send(MAIL, NOON)


def test_a_body_that_drips_ends_at_the_deadline_too() -> None:
    heads = "HTTP/1.1 401 No\r\nContent-Length: 200\r\n\r\n"
    with Server(heads.encode() + b" " * 200, 0.02) as server, pytest.raises(InDoubtError, match="timed out"):
        SendGridProvider("key", f"http://127.0.0.1:{server.server_port}", 1.0).send(MAIL, NOON)


def test_addresses_stay_out_of_the_clients_log(mail: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        SendGridProvider(mail.key, mail.url, 10.0).send(MAIL, NOON)
    assert "PAYLOAD" in caplog.text
    assert "anna@example.com" not in caplog.text


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for this machine, which this process trusts."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    signed = made.sign(key, hashes.SHA256())
    file = tmp_path / "here.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def test_the_deadline_holds_through_tls(certificate: ssl.SSLContext) -> None:
    with Server(answer("202 Accepted", f"X-Filler: {'x' * 200}", "X-Message-Id: one"), 0.5) as server:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(InDoubtError, match="timed out"):
            SendGridProvider("key", url, 1.0).send(MAIL, NOON)
        server.pace = 0.0
        assert SendGridProvider("key", url, 10.0).send(MAIL, NOON) == "one"
        assert len(server.asked) == 2
        with pytest.raises(TransientError, match="can't be reached"):  # the certificate is for another name
            SendGridProvider("key", url.replace("localhost", "127.0.0.1"), 10.0).send(MAIL, NOON)
        assert len(server.asked) == 2


def test_where_no_connection_comes_about_nothing_is_in_doubt() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(TransientError, match="can't be reached"):
            SendGridProvider("key", url, 0.5).send(MAIL, NOON)
        for one in waiting:
            one.close()


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_an_answer_of_somebody_else_is_no_acceptance(status: str) -> None:
    with Server(b"") as server:
        server.answer = answer(status, f"Location: http://127.0.0.1:{server.server_port}/elsewhere")
        with pytest.raises(PermanentError, match=f"status {status[:3]}"):
            SendGridProvider("key", f"http://127.0.0.1:{server.server_port}", 5.0).send(MAIL, NOON)
        assert server.asked == ["/v3/mail/send"]
