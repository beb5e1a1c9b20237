"""What --serve and --mqtt take, and what they say of what they do not take."""

from __future__ import annotations

import pytest

from edge_emotion.camera.serve import parse_serve
from edge_emotion.camera.sinks.address import parse_broker
from edge_emotion.errors import UsageError
from tests.conftest import RunCli

TOKEN = "sixteen letters!"  # noqa: S105 - of no server


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("localhost:0", "localhost", 0),
        ("[::1]:8080", "::1", 8080),
        ("127.8.8.8:1", "127.8.8.8", 1),
        ("8080", "127.0.0.1", 8080),
    ],
)
def test_loopback_needs_no_token(text: str, host: str, port: int) -> None:
    address = parse_serve(text, None)
    assert (address.host, address.port, address.token) == (host, port, None)
    assert address.loopback


@pytest.mark.parametrize("text", ["0.0.0.0:8080", "[::]:8080", "jetson.local:80", "10.0.0.5:80"])
def test_every_other_address_demands_a_token(text: str) -> None:
    for none in (None, ""):
        with pytest.raises(UsageError, match="reached by others, so it needs a token"):
            parse_serve(text, none)
    with pytest.raises(UsageError, match="at least 16 characters") as refused:
        parse_serve(text, "hunter2")
    assert "hunter2" not in str(refused.value)
    address = parse_serve(text, TOKEN)
    assert not address.loopback
    assert TOKEN not in repr(address) + str(address)


@pytest.mark.parametrize(
    "text", ["99999", "host", "host:", "host:99999", "::1:80", "http://a:1", ""]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_serve(text, TOKEN)


def test_behind_a_proxy_a_token_is_needed_on_loopback_too() -> None:
    with pytest.raises(UsageError, match="needs a token"):
        parse_serve("8080", None, ["door.example"])
    assert parse_serve("8080", TOKEN, ["door.example"]).names == ("door.example",)


def test_the_command_refuses_before_it_starts(run_cli: RunCli) -> None:
    done = run_cli("camera", "--source", "demo", "--headless", "--serve", "0.0.0.0:0")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: 0.0.0.0:0 is reached by others, so it needs a token; set ")


@pytest.mark.parametrize(
    ("url", "port", "encrypted", "prefix"),
    [
        ("mqtt://broker", 1883, False, "edge-emotion"),
        ("mqtts://broker/home/hall/", 8883, True, "home/hall"),
        ("mqtt://[fe80::1]:42/x", 42, False, "x"),
    ],
)
def test_a_broker_is_read(url: str, port: int, encrypted: bool, prefix: str) -> None:
    address = parse_broker(url)
    assert (address.port, address.encrypted, address.prefix) == (port, encrypted, prefix)


def test_credentials_are_decoded_and_never_shown() -> None:
    address = parse_broker("mqtt://edge:p%40ss%2Fword@broker:1884/p")
    assert (address.user, address.password) == ("edge", "p@ss/word")
    assert "p@ss" not in repr(address)
    assert str(address) == "mqtt://broker:1884"


@pytest.mark.parametrize(
    "url",
    [
        "http://u:secret@broker",
        "mqtt://u:secret@:1883",
        "mqtt://u:secret@broker:port",
        "mqtt://u:secret@broker:99999",
        "mqtt://u:secret@broker/a/+/b",
        "mqtt://u:secret@broker/a#b",
        "mqtt://u:sec/ret@broker/a",
        "broker",
    ],
)
def test_what_is_no_broker_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(UsageError, match=r"mqtt\[s\]://") as refused:
        parse_broker(url)
    assert "secret" not in str(refused.value)
    assert "sec/ret" not in str(refused.value)
