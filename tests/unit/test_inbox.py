"""The inbox: durable files under hashed names, each instance once."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from storage.inbox import Inbox, NoRoom, OnConflict, Unreadable, read_journal
from storage.journal import IMPLEMENTATION_CLASS_UID, MetaTemplate, Provenance
from storage.records import Outcome

UID = "1.2.826.0.1.3680043.8.498.1"
ORIGIN = Provenance(
    association="a" * 32, calling_ae="MODALITY", called_ae="DICOM_NODE", address="192.0.2.1"
)
ELEMENTS = b"\x08\x00\x16\x00UI\x1a\x00" + CTImageStorage.encode() + b"\0"


def data_set(text: bytes = b"first ") -> bytes:
    """An explicit little endian data set of two elements."""
    assert len(text) % 2 == 0
    return ELEMENTS + b"\x10\x00\x20\x00LO" + len(text).to_bytes(2, "little") + text


def put(
    inbox: Inbox,
    data: bytes,
    uid: str = UID,
    on_conflict: OnConflict = "revise",
    syntax: str = ExplicitVRLittleEndian,
    received_at: float = 1700000000.25,
) -> tuple[str, Outcome]:
    """Store one instance as the receiver does."""
    incoming = inbox.incoming()
    incoming.write([MetaTemplate(CTImageStorage, syntax, ORIGIN).fill(uid, received_at), data])
    return incoming.keep(uid, on_conflict)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    """An empty inbox."""
    return Inbox(tmp_path / "inbox")


def test_name_is_a_hash_of_the_uid(inbox: Inbox) -> None:
    """The key is the SHA-256 of the SOP Instance UID, in a folder named by its first byte."""
    key, outcome = put(inbox, data_set())
    digest = sha256(UID.encode()).hexdigest()
    assert key == f"{digest[:2]}/{digest[2:]}.dcm"
    assert outcome is Outcome.STORED
    assert inbox.path(key).is_file()


@pytest.mark.parametrize("uid", ["../../x", "/etc/passwd", "a\0b", "..", "", "x" * 5000, "\udcff"])
def test_a_uid_is_never_a_path(tmp_path: Path, inbox: Inbox, uid: str) -> None:
    """Whatever a peer calls its instance, the file lies in the inbox under a hash."""
    incoming = inbox.incoming()
    incoming.write([MetaTemplate(CTImageStorage, ExplicitVRLittleEndian, ORIGIN).fill(UID, 0.0)])
    key, _ = incoming.keep(uid, "revise")
    assert inbox.path(key).resolve().parent.parent == (tmp_path / "inbox").resolve()
    assert [key] == [found for found, _ in inbox.scan()]


def test_pydicom_reads_the_file(inbox: Inbox) -> None:
    """The hand-made file meta information reads back by pydicom, element by element."""
    key, _ = put(inbox, data_set())
    ds = dcmread(inbox.path(key))
    meta = ds.file_meta
    assert ds.PatientID == "first"
    assert meta.MediaStorageSOPClassUID == CTImageStorage
    assert meta.MediaStorageSOPInstanceUID == UID
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert meta.SourceApplicationEntityTitle == "MODALITY"
    assert meta.SendingApplicationEntityTitle == "MODALITY"
    assert meta.ReceivingApplicationEntityTitle == "DICOM_NODE"
    assert meta.ImplementationVersionName == "DICOM-NODE"
    assert meta.FileMetaInformationVersion == b"\0\1"


def test_files_say_that_the_node_wrote_them() -> None:
    """The implementation class UID is the one that the node's own results carry."""
    from results.identity import IMPLEMENTATION_CLASS_UID as OF_RESULTS

    assert IMPLEMENTATION_CLASS_UID == OF_RESULTS


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="DCMTK is not installed")
@pytest.mark.parametrize("uid", [UID, UID + "0"])
def test_dcmdump_reads_the_file(inbox: Inbox, uid: str) -> None:
    """DCMTK reads the file without a warning, with UIDs of even and odd length."""
    key, _ = put(inbox, data_set(), uid)
    ran = subprocess.run(
        ["dcmdump", "+fo", str(inbox.path(key))], capture_output=True, text=True, check=True
    )
    assert uid in ran.stdout
    assert ran.stderr == ""


def test_journal_tells_the_arrival(inbox: Inbox) -> None:
    """What the database would know of an arrival can be read from the file alone."""
    key, outcome = put(inbox, data_set())
    arrival = read_journal(inbox.path(key), key)
    assert arrival.key == key
    assert arrival.SOPInstanceUID == UID
    assert arrival.SOPClassUID == CTImageStorage
    assert arrival.TransferSyntaxUID == ExplicitVRLittleEndian
    assert arrival.association == "a" * 32
    assert arrival.calling_ae == "MODALITY"
    assert arrival.address == "192.0.2.1"
    assert arrival.received_at == 1700000000.25
    assert arrival.size == inbox.path(key).stat().st_size
    assert arrival.outcome is outcome


def test_journal_of_a_foreign_file(tmp_path: Path) -> None:
    """A file without our journal arrived when it was written; a file of text is unreadable."""
    foreign = tmp_path / "foreign.dcm"
    ds = dcmread(_written(tmp_path))
    del ds.file_meta[0x0002_0100], ds.file_meta[0x0002_0102]
    ds.save_as(foreign)
    arrival = read_journal(foreign, "aa/foreign.dcm")
    assert arrival.association == ""
    assert arrival.received_at == foreign.stat().st_mtime
    text = tmp_path / "text.dcm"
    text.write_text("no DICOM here")
    with pytest.raises(Unreadable):
        read_journal(text, "aa/text.dcm")


@pytest.mark.parametrize("length", [132, 143, 150, 200, 300])
def test_journal_of_a_torn_file(tmp_path: Path, length: int) -> None:
    """A file that ends within its meta information is unreadable, wherever it ends."""
    whole = _written(tmp_path)
    whole.write_bytes(whole.read_bytes()[:length])
    with pytest.raises(Unreadable):
        read_journal(whole, "aa/x.dcm")


def _written(tmp_path: Path) -> Path:
    inbox = Inbox(tmp_path / "inbox")
    key, _ = put(inbox, data_set())
    return inbox.path(key)


@pytest.mark.parametrize("on_conflict", ["revise", "keep-first", "refuse"])
def test_same_bytes_are_a_duplicate(inbox: Inbox, on_conflict: OnConflict) -> None:
    """The same data set again is one file, whoever sends it and whenever."""
    key, _ = put(inbox, data_set())
    assert put(inbox, data_set(), on_conflict=on_conflict, received_at=1.0) == (
        key,
        Outcome.DUPLICATE,
    )
    assert len(list(inbox.scan())) == 1


def test_revise_keeps_both(inbox: Inbox) -> None:
    """Other bytes are kept beside the first; each of them again is a duplicate of its own."""
    first, _ = put(inbox, data_set(b"first "))
    second, outcome = put(inbox, data_set(b"second"))
    third, _ = put(inbox, data_set(b"third "))
    assert outcome is Outcome.REVISED
    assert second == first.replace(".dcm", ".r2.dcm")
    assert third == first.replace(".dcm", ".r3.dcm")
    assert put(inbox, data_set(b"second")) == (second, Outcome.DUPLICATE)
    assert inbox.holds(UID) == inbox.path(third)
    assert read_journal(inbox.path(third), third).outcome is Outcome.REVISED


@pytest.mark.parametrize(
    ("on_conflict", "expected"),
    [("keep-first", Outcome.KEPT_FIRST), ("refuse", Outcome.REFUSED)],
)
def test_other_bytes_are_dropped(inbox: Inbox, on_conflict: OnConflict, expected: Outcome) -> None:
    """Where the first counts, other bytes leave no file, and the answer names the first."""
    key, _ = put(inbox, data_set(b"first "))
    assert put(inbox, data_set(b"second"), on_conflict=on_conflict) == (key, expected)
    assert [found for found, _ in inbox.scan()] == [key]
    assert b"first " in inbox.path(key).read_bytes()


def test_transfer_syntax_counts(inbox: Inbox) -> None:
    """The same bytes in another transfer syntax are another data set."""
    put(inbox, data_set())
    assert put(inbox, data_set(), syntax=ImplicitVRLittleEndian)[1] is Outcome.REVISED


def test_a_torn_file_is_no_duplicate(inbox: Inbox) -> None:
    """A damaged file under the name never swallows a good one."""
    key, _ = put(inbox, data_set())
    inbox.path(key).write_bytes(b"damaged")
    assert put(inbox, data_set())[1] is Outcome.REVISED


@pytest.mark.parametrize("same", [True, False])
def test_two_at_once(tmp_path: Path, same: bool) -> None:
    """Of many that store one UID at once, one wins the name; nothing is lost or doubled."""
    threads, outcomes, ready = 8, list[Outcome](), threading.Barrier(8)

    def race(number: int) -> None:
        own = Inbox(tmp_path / "inbox")
        ready.wait()
        content = b"same  " if same else b"%06d" % number
        outcomes.append(put(own, data_set(content))[1])

    running = [threading.Thread(target=race, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert outcomes.count(Outcome.STORED) == 1
    assert outcomes.count(Outcome.DUPLICATE if same else Outcome.REVISED) == threads - 1
    assert len(list(Inbox(tmp_path / "inbox").scan())) == (1 if same else threads)


def test_durable_before_it_returns(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced before it gets its name and the folder after; a duplicate too."""
    steps: list[str] = []
    real_sync, real_link = os.fsync, os.link

    def sync(fd: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")  # noqa: PTH112 - of a descriptor
        real_sync(fd)

    def link(source: Path, target: str, *, dst_dir_fd: int) -> None:
        steps.append("link")
        real_link(source, target, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", link)
    put(inbox, data_set())
    assert steps == ["file", "link", "folder"]
    steps.clear()
    put(inbox, data_set())
    assert steps[-1] == "folder"


def test_recover_clears_what_was_half_written(tmp_path: Path) -> None:
    """After a crash the half-written files go and the kept ones stay."""
    before = Inbox(tmp_path / "inbox")
    key, _ = put(before, data_set())
    before.incoming().write([b"half an insta"])
    after = Inbox(tmp_path / "inbox")
    assert after.recover() == 1
    assert list((tmp_path / "inbox" / "incoming").iterdir()) == []
    assert [found for found, _ in after.scan()] == [key]
    assert after.recover() == 0


def test_discard_leaves_nothing(inbox: Inbox) -> None:
    """A discarded file is gone, and discarding it twice does no harm."""
    incoming = inbox.incoming()
    incoming.write([b"half"])
    incoming.discard()
    incoming.discard()
    assert list((inbox.root / "incoming").iterdir()) == []


def test_remove(inbox: Inbox) -> None:
    """A removed file is gone and its instance no longer held; removing it twice is fine."""
    key, _ = put(inbox, data_set())
    inbox.remove(key)
    inbox.remove(key)
    assert inbox.holds(UID) is None
    assert list(inbox.scan()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "link"])
def test_a_full_disk_is_no_room(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """Wherever the disk is found to be full, it is `NoRoom` and nothing is left behind."""

    def full(*_args: object, **_options: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(NoRoom):
            put(inbox, data_set())
    assert list((inbox.root / "incoming").iterdir()) == []
    assert list(inbox.scan()) == []


def test_other_errors_stay_what_they_are(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is not called a full one."""

    def broken(*_args: object) -> int:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="input/output"):
        put(inbox, data_set())


def test_free_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room ends at the threshold, and the file system is asked at most once a second."""
    calls: list[Path] = []
    real = os.statvfs

    def counting(path: Path) -> os.statvfs_result:
        calls.append(path)
        return real(path)

    monkeypatch.setattr(os, "statvfs", counting)
    roomy = Inbox(tmp_path / "inbox", min_free_mb=1)
    assert all(roomy.has_room() for _ in range(100))
    assert len(calls) == 1
    crowded = Inbox(tmp_path / "inbox", min_free_mb=1 << 40)
    assert not crowded.has_room()
    with pytest.raises(NoRoom):
        crowded.incoming()


def test_quota_is_shared(tmp_path: Path) -> None:
    """What one process stores counts for the other; what is removed makes room again."""
    one = Inbox(tmp_path / "inbox", quota_mb=1)
    other = Inbox(tmp_path / "inbox", quota_mb=1)
    assert other.has_room()
    key, _ = put(one, data_set(b"x" * 60000) + bytes(600_000), "1.1")
    assert other.has_room()
    put(one, data_set(b"y" * 60000) + bytes(600_000), "1.2")
    assert not other.has_room()
    with pytest.raises(NoRoom):
        other.incoming()
    other.remove(key)
    assert one.has_room()


def test_quota_counts_what_was_there(tmp_path: Path) -> None:
    """A quota that is switched on later, or a new start, measures what the inbox holds."""
    put(Inbox(tmp_path / "inbox"), data_set() + bytes(2_000_000), "1.1")
    limited = Inbox(tmp_path / "inbox", quota_mb=1)
    assert not limited.has_room()
    limited.recover()
    assert not limited.has_room()


def test_duplicates_cost_no_quota(tmp_path: Path) -> None:
    """What is not kept is not counted."""
    limited = Inbox(tmp_path / "inbox", quota_mb=1)
    for _ in range(5):
        put(limited, data_set() + bytes(600_000))
    assert limited.has_room()
