"""Public data sets, by their address and checksum."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import pooch

from recontact.errors import UserError
from recontact.writing import replacing

SERVICENOW = (
    "https://archive.ics.uci.edu/static/public/498/"
    "incident+management+process+enriched+event+log.zip"
)
NAME = "incident_event_log"
SHA256 = "fd184bbfd62329cfe093e99da2ea7071905f2ead91900b448eb2635870821bef"
OFFLINE = f"put it as {NAME}.zip in a folder and set RECONTACT_DATA_DIR to that folder"


def fetch_servicenow(out: Path | None = None) -> Path:
    """Get the incident event log of UCI's data set 498 (CC BY 4.0, doi 10.24432/C57S4H).

    It is looked for in the folder `out` first, then in the folder that the environment variable
    RECONTACT_DATA_DIR names (as ``incident_event_log.zip``), then at its public address.

    Parameters
    ----------
    out : pathlib.Path, optional
        Where to put it; by default the user's cache.

    Returns
    -------
    pathlib.Path
        The CSV file, its checksum checked.

    Raises
    ------
    UserError
        It can't be had, or is not what it should be.
    """
    folder = Path(out) if out else Path(pooch.os_cache("recontact"))
    target = folder / f"{NAME}.csv"
    if not (target.is_file() and _sha256(target) == SHA256):
        _unzip(_archive(folder), target)
    return target


def _archive(folder: Path) -> Path:
    """Give the local archive, or load it down into the folder."""
    local = os.environ.get("RECONTACT_DATA_DIR")
    if local and (Path(local) / f"{NAME}.zip").is_file():
        return Path(local) / f"{NAME}.zip"
    pooch.get_logger().setLevel("WARNING")  # it advises programmers about hashes
    try:
        # The checksum known is that of the file inside.
        name = pooch.retrieve(
            SERVICENOW,
            None,
            f"{NAME}.zip",
            folder,
            downloader=pooch.HTTPDownloader(timeout=(10, 60)),
        )
    except OSError as error:
        raise UserError(
            f"{SERVICENOW} can't be reached: {type(error).__name__}", OFFLINE
        ) from error
    return Path(name)


def _unzip(archive: Path, target: Path) -> None:
    again = "delete it and fetch it again"
    try:
        with replacing(target) as temporary:
            with (
                zipfile.ZipFile(archive) as files,
                files.open(f"{NAME}.csv") as packed,
                temporary.open("wb") as unpacked,
            ):
                shutil.copyfileobj(packed, unpacked)
            if (have := _sha256(temporary)) != SHA256:
                raise UserError(
                    f"{archive}: {NAME}.csv has the checksum {have}, not {SHA256}", again
                )
    except (zipfile.BadZipFile, KeyError) as error:
        raise UserError(f"{archive} is no zip file that holds {NAME}.csv", again) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
