"""One HTTP request, written byte by byte, and its answer, with nothing added, followed or decoded on the way."""
import gzip
import http.client
import json
import socket
import ssl
import types


def request_bytes(method, path, host, headers=(), body=None, version="1.1"):
    """The request line, Host, the headers as they are given, Content-Length where there is a body, and the body."""
    lines = [f"{method} {path} HTTP/{version}", f"Host: {host}", *(f"{name}: {value}" for name, value in dict(headers).items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def as_body(body):
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def send(port, data, method="GET", timeout=60, tls=None):
    """Sends `data` to a port of this machine on a connection of its own; the answer has status, reason, headers, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as plain:
        connection = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        try:
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            pass  # a server may answer a request without reading it to its end
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        body = response.read()
        return Answer(response.status, response.reason, response.getheaders(), body, response.version)


class Answer(types.SimpleNamespace):
    def __init__(self, status, reason, headers, body, version):
        super().__init__(status=status, reason=reason, headers=headers, body=body, version=version)

    def header(self, name):
        """The value of a header, None when it is not there; several are joined as RFC 9110 has it."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def text(self):
        body = gzip.decompress(self.body) if self.header("Content-Encoding") == "gzip" and self.body else self.body
        return body.decode()

    @property
    def json(self):
        return json.loads(self.text)


class Client:
    """Requests to one port."""

    def __init__(self, port, tls=None):
        self.port = port
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"

    def request(self, method, path, body=None, headers=(), version="1.1", timeout=60):
        data = request_bytes(method, path, f"127.0.0.1:{self.port}", headers, as_body(body), version)
        return send(self.port, data, method, timeout, self.tls)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.request("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)
