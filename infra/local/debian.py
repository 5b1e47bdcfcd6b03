"""A private apt-get: Debian packages and all they depend on, unpacked into a folder without root.

The machine's own apt configuration says where Debian is mirrored, through which proxy and with
which keys; only the suite is ours. Nothing of the machine is changed, and no host is named here.
"""

import hashlib
import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local import lock

SUITE = "trixie"
_DONE = ".unpacked"

# Read with `-c`, that is after the machine's own files, so that #clear can silence their hooks.
_CONFIG = """\
Dir::State "{cache}/state";
Dir::State::status "{cache}/state/status";
Dir::Cache "{cache}";
Dir::Log "{cache}/log";
Dir::Etc::sourcelist "{cache}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
"""


class DebianError(RuntimeError):
    """One sentence that says why the packages cannot be had and what to do."""


@dataclass(frozen=True)
class Source:
    """One entry of the machine's apt sources, in apt's own words."""

    types: str
    uris: str
    suites: str
    components: str
    signed_by: str = ""
    trusted: str = ""

    def moved_to(self, suite: str) -> str:
        """This source as a deb822 stanza for another suite of the same mirror."""
        lines = ["Types: deb", f"URIs: {self.uris}", f"Suites: {suite}", "Components: main"]
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        if self.trusted:
            lines.append(f"Trusted: {self.trusted}")
        return "\n".join(lines) + "\n"


def install(packages: list[str], root: Path, cache: Path, suite: str = SUITE) -> None:
    """Unpack the packages and their whole closure into root, downloading only what cache lacks."""
    mark = root / _DONE
    wanted = f"{suite} {' '.join(sorted(packages))}\n"
    if mark.exists() and mark.read_text() == wanted:
        return
    with lock.hold_lock(cache / "lock"):
        if not (mark.exists() and mark.read_text() == wanted):
            archives = _download(packages, cache, suite)
            shutil.rmtree(root, ignore_errors=True)
            _unpack(archives, root)
            mark.write_text(wanted)


def read_sources() -> list[Source]:
    """Every entry of the machine's apt sources, from one-line .list and deb822 .sources files."""
    found: list[Source] = []
    for file in _source_files():
        text = file.read_text(errors="replace")
        found += _deb822(text) if file.suffix == ".sources" else _one_line(text)
    return found


def select_mirrors(entries: list[Source]) -> list[Source]:
    """The entries that mirror Debian itself: component main of the release this machine runs."""
    release = read_codename()
    names = {release, "stable", "oldstable", "testing", "unstable", "sid"} - {""}
    debian = [
        entry
        for entry in entries
        if "deb" in entry.types.split()
        and "main" in entry.components.split()
        and names.intersection(entry.suites.split())
    ]
    # Vendors also call their suite `stable`; the machine's own code name is the better witness.
    return [entry for entry in debian if release in entry.suites.split()] or debian


def _download(packages: list[str], cache: Path, suite: str) -> list[Path]:
    """The .deb files of the closure, all present in the cache when this returns."""
    mine = cache / suite / hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
    if (mine / "archives.txt").exists():
        archives = [Path(line) for line in (mine / "archives.txt").read_text().splitlines()]
        if all(archive.exists() for archive in archives):
            return archives
    config = _configure(mine, suite)
    update = _apt(config, "update")
    fetch = _apt(config, "install", "--yes", "--download-only", *packages)
    if fetch.returncode:
        raise DebianError(_sentence(packages, suite, update.stderr + fetch.stderr))
    archives = sorted((mine / "archives").glob("*.deb"))
    (mine / "archives.txt").write_text("".join(f"{archive}\n" for archive in archives))
    return archives


def _configure(cache: Path, suite: str) -> Path:
    for tool in ("apt-get", "apt-config", "dpkg"):
        if not shutil.which(tool):
            raise DebianError(f"This machine has no {tool}: it is not of the Debian family.")
    debian = select_mirrors(read_sources())
    if not debian:
        raise DebianError("No apt source of this machine mirrors Debian's main component.")
    for folder in ("state/lists/partial", "archives/partial", "log"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    (cache / "state/status").write_text("")  # nothing counts as installed: the closure is whole
    stanzas = dict.fromkeys(source.moved_to(suite) for source in debian)
    (cache / "debian.sources").write_text("\n".join(stanzas))
    (cache / "apt.conf").write_text(_CONFIG.format(cache=cache))
    return cache / "apt.conf"


def _apt(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-c", str(config), "-q", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def _unpack(archives: list[Path], root: Path) -> None:
    root.mkdir(parents=True)
    # dpkg and its decompressor are processes: threads here only keep both cores busy.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for archive, done in zip(
            archives, pool.map(lambda a: _extract(a, root), archives), strict=True
        ):
            if done.returncode:
                archive.unlink()
                raise DebianError(f"{archive.name} is damaged and was removed: run this again.")
    for folder, _, names in os.walk(root):
        for name in names:
            _disarm(Path(folder, name))


def _extract(archive: Path, root: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["dpkg", "-x", archive, root], capture_output=True, check=False)


def _disarm(file: Path) -> None:
    """Take set-user-id away: a copy of `su` that no update ever reaches must not work."""
    mode = file.lstat().st_mode
    if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
        file.chmod(stat.S_IMODE(mode) & 0o755)


def _source_files() -> list[Path]:
    words = [
        "apt-config",
        "shell",
        "one",
        "Dir::Etc::sourcelist/f",
        "many",
        "Dir::Etc::sourceparts/d",
    ]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    paths = dict(word.split("=", 1) for word in shlex.split(output))
    parts = Path(paths["many"])
    files = [Path(paths["one"]), *sorted([*parts.glob("*.list"), *parts.glob("*.sources")])]
    return [file for file in files if file.is_file()]


def _one_line(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        words = line.split("#")[0].replace("[", " [ ").replace("]", " ] ").split()
        if len(words) < 3 or words[0] not in ("deb", "deb-src"):
            continue
        options: dict[str, str] = {}
        rest = words[1:]
        if rest[0] == "[":
            end = rest.index("]")
            options = dict(word.split("=", 1) for word in rest[1:end] if "=" in word)
            rest = rest[end + 1 :]
        keys, trusted = options.get("signed-by", ""), options.get("trusted", "")
        yield Source(words[0], rest[0], rest[1], " ".join(rest[2:]), keys, trusted)


def _deb822(text: str) -> Iterator[Source]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in "\n".join(line.rstrip() for line in lines).split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[0].isspace():  # a key may be given inline, over many lines
                fields[name] = f"{fields.get(name, '')}\n{line}"
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.lower()
                fields[name] = value.strip()
        if "uris" in fields and fields.get("enabled", "yes").lower() not in ("no", "false"):
            known = ("types", "uris", "suites", "components", "signed-by", "trusted")
            yield Source(*(fields.get(field, "") for field in known))


def read_codename() -> str:
    """What this machine's release is called, or nothing."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return fields.get("VERSION_CODENAME", "").strip('"')


def _sentence(packages: list[str], suite: str, output: str) -> str:
    worst = ("E:", "W: Failed")  # without a network apt only warns, then knows no package
    reasons = [line[2:].strip() for line in output.splitlines() if line.startswith(worst)]
    reason = reasons[0] if reasons else "apt-get gave no reason"
    what = " ".join(packages)
    return f"apt-get cannot fetch {what} of Debian {suite} ({reason}); is there a network?"
