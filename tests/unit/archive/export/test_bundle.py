"""`export bundle`: what it writes, what it refuses, and that it tells nothing more."""

import errno
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyrage
import pytest

from archive.capture import ByteSource
from archive.claim import CLAIM, DOES_NOT_PROVE
from archive.errors import StoreError
from archive.export import bundle
from archive.export.locked import encrypt_pieces
from archive.export.target import write_stream
from archive.store.reading.reader import ArchiveReader
from archive.zipped import zip_pieces
from tests.support.archives.bundles import World, make_world, read_folder
from tests.support.attacks.tamper import flip
from tests.support.disk.folders import open_segment
from tests.support.programs.inside import Done, call

Evidence = Callable[..., Done]


@pytest.fixture
def evidence(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Evidence:
    """The command over the archive, under the trust of the world."""
    for name in ("EVIDENCE_ARCHIVE", "EVIDENCE_TRUST_DIR"):
        monkeypatch.delenv(name, raising=False)
    trust = world.trust_folder(world.trust, "good")

    def run(*arguments: str) -> Done:
        options = ["--archive", str(world.made.root), "--trust", str(trust)]
        return call([*options, *arguments], capsys)

    return run


def test_folder_and_zip_hold_the_same_and_both_verify(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    short = world.captures["page"].short_id
    folder, packed = tmp_path / "b", tmp_path / "b.zip"
    for out in (folder, packed):
        done = evidence("export", "bundle", short, "-o", str(out), "--certificate")
        assert (done.code, done.out) == (0, f"{out}\n")
        done = evidence("verify", "bundle", str(out), "--json")
        assert done.code == 0
    files = read_folder(folder)
    with zipfile.ZipFile(packed) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert [path.name for path in tmp_path.glob(".*")] == []
    for name in ("CERTIFICATE.txt", "README.txt", "PROVES.txt", "view/screenshot.png"):
        assert name in files
    text = " ".join(files["README.txt"].decode().split())
    assert CLAIM in text
    for line in DOES_NOT_PROVE:
        assert line in files["PROVES.txt"].decode()


def test_the_same_captures_give_the_same_bytes(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    short = world.captures["chained"].short_id
    for name in ("1.zip", "2.zip"):
        done = evidence(
            "export", "bundle", short, "--alone", "-o", str(tmp_path / name)
        )
        assert done.code == 0
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_the_default_name_tells_nothing_of_the_source(
    world: World,
    evidence: Evidence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    bounded = world.captures["bounded"]
    assert evidence("export", "bundle", bounded.short_id).code == 0
    assert evidence("export", "bundle", bounded.short_id, "--alone").code == 6
    names = [path.name for path in tmp_path.iterdir()]
    assert names == [f"bundle-{bounded.short_id}"]


def test_a_capture_of_a_page_brings_the_page_unless_alone(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    plain = world.captures["plain"].short_id
    evidence("export", "bundle", plain, "-o", str(tmp_path / "page"))
    evidence("export", "bundle", plain, "--alone", "-o", str(tmp_path / "alone"))
    assert (tmp_path / "page" / "captures" / plain / "leaf.txt").is_file()
    assert not (tmp_path / "alone" / "captures").exists()


def test_encrypted_for_a_recipient_it_opens_to_the_same_zip(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    short = world.captures["bounded"].short_id
    out = tmp_path / "b.zip.age"
    recipient = str(identity.to_public())
    done = evidence("export", "bundle", short, "-o", str(out), "--recipient", recipient)
    assert done.code == 0, done.err
    plain = tmp_path / "plain.zip"
    plain.write_bytes(pyrage.decrypt(out.read_bytes(), [identity]))
    assert evidence("verify", "bundle", str(plain)).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "b.zip.age",
        "plain.zip",
    ]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(out.read_bytes(), [pyrage.x25519.Identity.generate()])


def test_what_is_encrypted_is_on_the_disk_in_the_clear_at_no_moment(
    evidence: Evidence,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The target is a stick that may be taken away in the middle of it."""
    seen: list[bytes] = []

    def watched(entries: Iterable[tuple[str, ByteSource]]) -> Iterator[bytes]:
        for piece in zip_pieces(entries):
            yield piece
            seen.extend(path.read_bytes() for path in tmp_path.iterdir())

    monkeypatch.setattr(bundle, "zip_pieces", watched)
    out = tmp_path / "b.zip.age"
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    short = world.captures["bounded"].short_id
    done = evidence("export", "bundle", short, "-o", str(out), "--recipient", recipient)
    assert done.code == 0, done.err
    assert seen
    assert not any(name in data for data in seen for name in (b"leaf.txt", b"WARC/1.1"))


def test_an_encryption_that_ends_early_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(100_000)
        raise StoreError("the archive went away")

    with pytest.raises(StoreError, match="went away"):
        write_stream(
            tmp_path / "b.zip.age",
            lambda out: encrypt_pieces(
                pieces(), out, [pyrage.x25519.Identity.generate().to_public()]
            ),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing-of-that-name",), 6, "no capture"),
        (("ID", "-o", "{tmp}/there"), 6, "exists"),
        (("ID", "-o", "{tmp}/no/such/folder/b"), 2, "no folder"),
        (("ID", "-o", "{archive}/b"), 2, "inside the archive"),
        (("ID", "--recipient", "age1nonsense"), 2, "not a public key"),
        (("ID", "--recipient", "AGE", "-o", "{tmp}/b.zip"), 2, "do not fit"),
        (("ID", "-o", "{tmp}/b.zip.age"), 2, "do not fit"),
        ((), 2, "Missing argument"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    arguments: tuple[str, ...],
    code: int,
    said: str,
    world: World,
    evidence: Evidence,
    tmp_path: Path,
) -> None:
    (tmp_path / "there").mkdir()
    key = str(pyrage.x25519.Identity.generate().to_public())
    values = {"tmp": tmp_path, "archive": world.made.root}
    words = [
        {"ID": world.captures["plain"].short_id, "AGE": key}.get(one, one)
        for one in arguments
    ]
    done = evidence("export", "bundle", *(one.format(**values) for one in words))
    assert (done.code, said in done.err) == (code, True), done.err
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_is_damaged_is_not_exported(
    evidence: Evidence, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    del evidence
    world = make_world(tmp_path_factory.mktemp("damaged"))
    bounded = world.captures["bounded"]
    path = open_segment(world.made.root)
    flip(path, 8 * (bounded.location.offset_bytes + 300))
    reader = ArchiveReader.open(world.made.root)
    from archive.errors import DigestMismatch
    from archive.export.bundle import BundleRequest, export_bundle

    request = BundleRequest(captures=[bounded], out=tmp_path / "b", certificate=False)
    with pytest.raises(DigestMismatch):
        export_bundle(reader, request, trust=world.trust)
    reader.close()
    assert list(tmp_path.iterdir()) == []


def test_sha256sum_reads_the_list(
    world: World,
    evidence: Evidence,
    tmp_path: Path,
    require_program: Callable[[str], Path],
) -> None:
    out = tmp_path / "b"
    evidence("export", "bundle", world.captures["revisit"].short_id, "-o", str(out))
    done = subprocess.run(
        [require_program("sha256sum"), "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "data", "code", "said"),
    [
        ("nothing", None, 2, "neither a folder nor a file"),
        ("empty.zip", b"", 4, "not a zip"),
        ("zeros.zip", bytes(100_000), 4, "not a zip"),
        ("picture.zip", b"\x89PNG" * 99, 4, "not a zip"),
    ],
)
def test_what_is_no_bundle_is_said_in_one_sentence(
    name: str,
    data: bytes | None,
    code: int,
    said: str,
    evidence: Evidence,
    tmp_path: Path,
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    done = evidence("verify", "bundle", str(path))
    assert (done.code, said in done.err) == (code, True), done.err
    assert len(done.err.splitlines()) == 1


def test_an_empty_folder_and_an_archive_are_no_bundles(
    world: World, evidence: Evidence, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", world.made.root):
        done = evidence("verify", "bundle", str(path))
        assert (done.code, "no evidence bundle" in done.err) == (4, True), done.err


def test_real_climbing_zips_are_refused_and_write_nothing(
    corpus_dir: Path, evidence: Evidence, tmp_path: Path
) -> None:
    for path in sorted((corpus_dir / "archives-bad" / "snyk").iterdir()):
        if path.suffix in (".zip", ".tar"):
            assert evidence("verify", "bundle", str(path)).code == 4
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_under_a_stranger_is_not_checked(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    exported = world.folder / "exported" / "one"
    done = call(
        ["--trust", str(tmp_path / "none"), "verify", "bundle", str(exported)], capsys
    )
    assert done.code == 3
    assert done.out.splitlines()[1].startswith("NOT CHECKED")


def test_a_disk_that_cannot_be_written_is_named_as_one_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what an earlier run left can be cleared away there."""

    def refuse(*given: object, **named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match=r"cannot write .*list\.csv: Read-only"):
        write_stream(tmp_path / "list.csv", lambda out: None)
