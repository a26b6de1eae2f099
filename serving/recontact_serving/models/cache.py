"""Checked models on disk, by their digest, and which of them a registry last called champions."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import structlog

from recontact.errors import UserError
from recontact.model.bundle import Bundle
from recontact.tracking.store import DEFAULT_URI, SQLITE

KEPT = 50  # models; those used last stay
TESTED = "tested"  # says with which recontact a model passed its self-test

log = structlog.get_logger()


@dataclass(frozen=True)
class Followed:
    """What was last heard of a registry.

    Attributes
    ----------
    champions : dict of str to dict
        By target `name`, `version` and `digest`; empty where there is no champion.
    trouble : str
        Why these are not what the registry names, or why there are none; may be empty.
    refused : int
        How many models were refused so far.
    asked_at : float
        When the registry was last asked, seconds since 1970.
    """

    champions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trouble: str = ""
    refused: int = 0
    asked_at: float = 0.0


class Cache:
    """A folder of checked models.

    Everything in it is written beside its place and then moved there, so that whoever reads sees
    all of it or nothing.

    Parameters
    ----------
    folder : pathlib.Path
        It is made where it is missing.

    Examples
    --------
    >>> import tempfile
    >>> cache = Cache(Path(tempfile.mkdtemp()))
    >>> cache.hear("sqlite:///a.db", Followed(trouble="no champion yet"))
    >>> cache.heard("sqlite:///a.db").trouble, cache.has("0" * 64)
    ('no champion yet', False)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("models", "followed", "versions"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)

    @classmethod
    def open(cls, folder: str | None = None) -> "Cache":
        """Open the cache of a setting, by default the user's.

        Where the folder can't be written, that is said once in the log, and a temporary one
        takes its place: the models are then loaded anew after a restart.
        """
        folder = folder or os.environ.get("RECONTACT_CACHE_DIR")
        wanted = Path(folder) if folder else user_folder()
        try:
            cache = cls(wanted)
            with tempfile.TemporaryFile(dir=wanted / "models"):
                return cache
        except OSError as error:
            log.warning("cache", folder=str(wanted), trouble=f"can't be written: {error.strerror}")
            instead = tempfile.mkdtemp(prefix="recontact-models-")
            atexit.register(shutil.rmtree, instead, ignore_errors=True)
            return cls(Path(instead))

    def has(self, digest: str) -> bool:
        """Tell whether a model is here that passed its self-test with this recontact."""
        try:
            return (self._model(digest) / TESTED).read_text() == metadata.version("recontact")
        except OSError:
            return False

    def load(self, digest: str) -> Bundle:
        """Read a model; what is here but damaged is thrown away.

        Raises
        ------
        UserError
            It is not here, or not what it was.
        """
        folder = self._model(digest)
        try:
            bundle = Bundle.load(folder, digest)
        except UserError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        os.utime(folder / TESTED)
        return bundle

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a folder for files that have not been checked yet; it is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-") as folder:
            yield Path(folder)

    def keep(self, folder: Path, digest: str) -> None:
        """Take in a model that passed its self-test, and drop those not used for longest."""
        (folder / TESTED).write_text(metadata.version("recontact"))
        place = self._model(digest)
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
        used = sorted(place.parent.iterdir(), key=_used, reverse=True)
        for old in used[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def heard(self, uri: str | None) -> Followed:
        """Give what was last heard of a registry."""
        file = self._file("followed", uri)
        try:
            return Followed(**json.loads(file.read_text()), asked_at=file.stat().st_mtime)
        except (OSError, ValueError, TypeError):
            return Followed()

    def hear(self, uri: str | None, followed: Followed) -> None:
        """Keep what was heard of a registry just now."""
        file = self._file("followed", uri)
        text = json.dumps({k: v for k, v in asdict(followed).items() if k != "asked_at"})
        try:
            if file.read_text() == text:
                os.utime(file)
                return
        except OSError:  # the first word of this registry
            pass
        _write(file, text)

    def note_version(self, uri: str | None, name: str, version: str, digest: str) -> None:
        """Keep the digest of a registered version."""
        _write(self._file("versions", uri, f"{name}-{version}"), digest)

    def digest_of(self, uri: str | None, name: str, version: str) -> str | None:
        """Give the digest of a registered version, where it was loaded before."""
        try:
            return self._file("versions", uri, f"{name}-{version}").read_text()
        except OSError:
            return None

    def lock(self, uri: str | None) -> Path:
        """Give the file that whoever follows a registry locks."""
        return self._file("followed", uri, "lock")

    def _model(self, digest: str) -> Path:
        return self.folder / "models" / digest

    def _file(self, part: str, uri: str | None, name: str = "json") -> Path:
        return self.folder / part / f"{_key(uri)}.{name}"


def user_folder() -> Path:
    """Give the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "recontact"


def _key(uri: str | None) -> str:
    """Give a short name of a registry; a file named from here is another one elsewhere."""
    uri = uri or os.environ.get("RECONTACT_MLFLOW_URI") or DEFAULT_URI
    if uri.startswith(SQLITE):
        uri = SQLITE + str(Path(uri.removeprefix(SQLITE)).resolve())
    return sha256(uri.encode()).hexdigest()[:16]


def _used(folder: Path) -> float:
    try:
        return (folder / TESTED).stat().st_mtime
    except OSError:
        return 0.0


def _write(file: Path, text: str) -> None:
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_text(text)
    beside.replace(file)
