"""nginx, Caddy and HAProxy (Debian's packages) before a server: the files of deploy/proxies with their names and ports
replaced, as the person who installs them does."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx

from mythosd import REPOSITORY, Mythosd, eventually, tool

FILES = REPOSITORY / "deploy" / "proxies"
NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {file};
}}
"""
CADDY = "{{\n\tadmin off\n\tauto_https disable_redirects\n}}\nimport {file}\n"


def replaced(text: str, **by: str) -> str:
    """`text` with each of the documented names, which it must have, replaced."""
    for name, value in by.items():
        assert NAMES[name] in text, f"the file does not have {NAMES[name]}"
        text = text.replace(NAMES[name], value)
    return text


NAMES = {
    "upstream": "127.0.0.1:8000",
    "certificate": "/etc/ssl/mythos/certificate.pem",
    "key": "/etc/ssl/mythos/key.pem",
    "pem": "/etc/haproxy/mythos.pem",
    "nginx_listen": "listen 443 ssl",
    "site": "game.example.com",
    "haproxy_bind": "bind :443",
}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Proxy:
    """`kind`: nginx, caddy or haproxy. It speaks TLS for `localhost` on `port`."""

    def __init__(self, kind: str, directory: Path, server: Mythosd) -> None:
        self.kind, self.directory, self.server = kind, directory, server
        self.process: subprocess.Popen[bytes] | None = None
        self.certificate = directory / "certificate.pem"
        self.port = free_port()
        self._make_certificate()

    def _make_certificate(self) -> None:
        key = self.directory / "key.pem"
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        )
        names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([*command.split(), *names], check=True, capture_output=True)
        (self.directory / "both.pem").write_text(self.certificate.read_text() + key.read_text())

    @property
    def authority(self) -> str:
        return f"localhost:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def http(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"https://{self.authority}", verify=self.trusting(), http2=True, trust_env=False, timeout=20
        )

    def start(self) -> Proxy:
        upstream = f"127.0.0.1:{self.server.port}"
        own = {"certificate": str(self.certificate), "key": str(self.directory / "key.pem")}
        config, site = self.directory / "config", self.directory / "site"
        if self.kind == "nginx":
            text = (FILES / "nginx.conf").read_text()
            listen = f"listen 127.0.0.1:{self.port} ssl"
            site.write_text(replaced(text, upstream=upstream, nginx_listen=listen, site="localhost", **own))
            config.write_text(NGINX.format(directory=self.directory, file=site))
            command = [tool("nginx"), "-p", str(self.directory), "-c", str(config)]
        elif self.kind == "caddy":
            text = (FILES / "mythos.caddy").read_text()
            site.write_text(replaced(text, upstream=upstream, site=f"https://{self.authority}", **own))
            config.write_text(CADDY.format(file=site))
            command = [tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]
        else:
            text = (FILES / "haproxy.cfg").read_text()
            bind, pem = f"bind 127.0.0.1:{self.port}", str(self.directory / "both.pem")
            config.write_text(replaced(text, upstream=upstream, haproxy_bind=bind, pem=pem))
            command = [tool("haproxy"), "-db", "-f", str(config)]
        environment = os.environ | {"HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)}
        with (self.directory / "proxy.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self.directory, start_new_session=True
            )
        eventually(f"{self.kind} passes requests on", self._passes, 30)
        return self

    def _passes(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.directory / "proxy.log").read_text()[-2000:]
        try:
            with self.http() as http:
                return http.get("/sse/not*a*name").status_code == 400
        except httpx.TransportError:
            return False

    def die(self) -> None:
        """As by an accident, with nginx's workers; Caddy, which is asked to end, would wait for its streams."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            finally:
                self.die()
