"""Pages of shops on loopback, under a strict content policy, that load the script which tells what happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def shop(host: str, growth: str, script: str, *, attributes: str = "") -> Iterator[str]:
    """Serve every path as a page with a link to `?to=`; gives the address. `attributes` go onto the script's tag."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(script=script, attributes=self.server.attributes).encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            policy = f"default-src 'none'; script-src {growth}; connect-src {growth}; img-src data:; base-uri 'none'"
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.attributes = attributes  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://{host}:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Сумки 包</title>
<link rel="icon" href="data:,"><script async src="{script}" {attributes}></script></head>
<body><h1>Shop</h1><a id="away" href="">Our other shop</a></body></html>"""
