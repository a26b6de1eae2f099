"""Fetching the public log: the local copy first, the checksum always, one message offline."""

import hashlib
import zipfile
from pathlib import Path

import pooch
import pytest

from recontact.errors import UserError
from recontact.sources import fetch

CONTENT = b"number,opened_at\nINC1,?\n"


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data folder whose archive is the right one as far as the checksum goes."""
    folder = tmp_path / "data"
    folder.mkdir()
    with zipfile.ZipFile(folder / "incident_event_log.zip", "w") as archive:
        archive.writestr("incident_event_log.csv", CONTENT)
    monkeypatch.setenv("RECONTACT_DATA_DIR", str(folder))
    monkeypatch.setattr(fetch, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    return folder


def test_the_local_archive_is_unpacked_and_nothing_is_loaded(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy in RECONTACT_DATA_DIR is enough; what is there already is not unpacked again."""
    monkeypatch.setattr(pooch, "retrieve", None)
    path = fetch.fetch_servicenow(tmp_path / "out")
    assert path == tmp_path / "out" / "incident_event_log.csv"
    assert path.read_bytes() == CONTENT
    (local / "incident_event_log.zip").unlink()
    assert fetch.fetch_servicenow(tmp_path / "out") == path


def test_a_wrong_checksum_is_refused_and_leaves_no_file(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file of that name is not taken for the log."""
    monkeypatch.setattr(fetch, "SHA256", "0" * 64)
    with pytest.raises(UserError, match="checksum") as caught:
        fetch.fetch_servicenow(tmp_path / "out")
    assert str(local) in caught.value.what
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, local: Path, content: bytes) -> None:
    """Half a download is told as that."""
    (local / "incident_event_log.zip").write_bytes(content)
    with pytest.raises(UserError, match="is no zip file"):
        fetch.fetch_servicenow(tmp_path / "out")


def test_without_network_and_local_copy_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is named, and RECONTACT_DATA_DIR as the way round it."""

    def unreachable(*_args: object, **_options: object) -> str:
        raise ConnectionError

    monkeypatch.delenv("RECONTACT_DATA_DIR", raising=False)
    monkeypatch.setattr(pooch, "retrieve", unreachable)
    with pytest.raises(UserError, match=r"archive\.ics\.uci\.edu") as caught:
        fetch.fetch_servicenow(tmp_path)
    assert "RECONTACT_DATA_DIR" in caught.value.mend


def test_the_public_archive_is_loaded_to_the_folder(
    tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a local copy pooch is asked for the public address, and its file is unpacked."""
    asked = []

    def loaded(address: str, *_args: object, **_options: object) -> str:
        asked.append(address)
        return str(local / "incident_event_log.zip")

    monkeypatch.delenv("RECONTACT_DATA_DIR")
    monkeypatch.setattr(pooch, "retrieve", loaded)
    assert fetch.fetch_servicenow(tmp_path / "out").read_bytes() == CONTENT
    [address] = asked
    assert address == (
        "https://archive.ics.uci.edu/static/public/498/"
        "incident+management+process+enriched+event+log.zip"
    )
