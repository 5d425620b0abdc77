"""Every command against a real node, as a process of its own."""

from __future__ import annotations

import json
import signal
import zipfile
from pathlib import Path

from bench.phantoms import secondary_capture, write
from tests.node import Node
from tests.peers import StoreSCP, free_port

Phantom = tuple[str, list[Path]]


def test_serve_says_what_to_do_next(running_node: Node) -> None:
    """Once ready, the three next steps are printed with the real ports, and the notice."""
    said = running_node.said()
    assert f"storescu -aec DICOM_NODE 127.0.0.1 {running_node.port} FILE" in said
    assert f"http://127.0.0.1:{running_node.http_port}/" in said
    assert "orthanc/README.md" in said
    assert "not a medical device" in said


def test_a_study_from_send_to_explain(running_node: Node, study: Phantom) -> None:
    """A file that is sent is received, checked and explained; no command says whose it is."""
    uid, files = study
    sent = running_node.cli("send", *files)
    assert sent.returncode == 0, sent.stderr
    assert "0x0000   Success" in sent.stdout
    told = running_node.wait_for_study(uid)
    assert told["stage"] == "done"
    assert told["revisions"][0]["evidence"]["kind"] == "quiet"
    assert told["jobs"][0]["pipeline"] == "intake-check"
    assert running_node.json("explain", uid)["jobs"][0]["created_at_iso"].startswith("20")
    (job,) = running_node.json("explain", uid)["jobs"]
    assert job["algorithm"]["name"] == "intake-check"
    said = " ".join(running_node.cli("explain", uid).stdout.split())
    assert f"Job {job['id']}: {job['summary']} By intake-check 1.0.0." in said
    outputs = [
        running_node.cli(*command).stdout
        for command in (
            ("explain", uid),
            ("explain", uid, "--json"),
            ("studies",),
            ("jobs", "list"),
            ("jobs", "show", str(told["jobs"][0]["id"])),
            ("explain", str(files[0])),
        )
    ]
    assert all(uid in output for output in outputs)
    assert not any("PHANTOM" in output for output in outputs)


def test_replay_waits_for_the_next_revision(running_node: Node, study: Phantom) -> None:
    """A replay opens a revision with the stored pixels, and --wait sees it through."""
    uid, files = study
    running_node.cli("send", *files)
    before = running_node.wait_for_study(uid)["study"]["revision"]
    replayed = running_node.cli("replay", uid, "--wait")
    assert replayed.returncode == 0, replayed.stderr
    assert "done: " in replayed.stdout
    assert running_node.json("explain", uid)["study"]["revision"] == before + 1


def test_send_takes_what_is_dicom_and_counts_the_rest(running_node: Node, tmp_path: Path) -> None:
    """Files without preamble, and zip archives, are sent; text is skipped; damage is a failure."""
    first, second = (secondary_capture(seed)[0] for seed in (51, 52))
    folder = tmp_path / "in"
    (one,) = write([first], folder)
    bare = folder / "bare"
    bare.write_bytes(_data_set(one))
    (two,) = write([second], tmp_path / "zipped")
    with zipfile.ZipFile(folder / "archive.bin", "w") as archive:
        archive.write(two, "sub/image")
        archive.writestr("readme.txt", "no image")
    (folder / "notes.txt").write_text("This is not DICOM, however long it may be. " * 20)
    (folder / "damaged.dcm").write_bytes(bytes(128) + b"DICM" + b"\x02\x00")
    told = json.loads(running_node.cli("send", folder, "--json", "--jobs", "2").stdout)
    assert told["statuses"] == {"0x0000": 3}
    assert told["skipped"] == 2
    assert [Path(failed["name"]).name for failed in told["failed"]] == ["damaged.dcm"]
    assert running_node.cli("send", folder).returncode == 1


def _data_set(path: Path) -> bytes:
    """The data set of a DICOM file, without preamble and meta information."""
    content = path.read_bytes()
    return content[144 + int.from_bytes(content[140:144], "little") :]


def test_send_names_refused_files(tmp_path: Path, study: Phantom) -> None:
    """What a peer does not take is named with the reason, and the exit status is 1."""
    node = Node(tmp_path / "node")
    with StoreSCP(tmp_path / "peer", options=("--fork", "+xi")) as peer:  # implicit VR only
        done = node.cli("send", *study[1], "--to", f"127.0.0.1:{peer.port}:PEER")
    assert done.returncode == 1
    assert str(study[1][0]) in done.stderr
    assert "PEER takes no " in done.stderr


def test_send_to_a_peer_keeps_the_bytes(tmp_path: Path, study: Phantom) -> None:
    """A data set arrives as it lies on disk, byte for byte."""
    node = Node(tmp_path / "node")
    with StoreSCP(tmp_path / "peer", options=("--fork", "+xa", "-B")) as peer:
        done = node.cli("send", *study[1], "--to", f"127.0.0.1:{peer.port}", "--calling", "DEMO")
        assert done.returncode == 0, done.stderr
        (received,) = peer.files()
        assert _data_set(received) == _data_set(study[1][0])


def test_nobody_there_is_status_3(idle_node: Node, study: Phantom) -> None:
    """Commands that need a node or a peer say that there is none and exit with 3."""
    port = free_port()
    for command in (("status",), ("reload",), ("echo", f"127.0.0.1:{port}")):
        assert idle_node.cli(*command).returncode == 3
    sent = idle_node.cli("send", *study[1])
    assert sent.returncode == 3
    assert "Nothing was sent" in sent.stderr
    assert idle_node.cli("replay", "1.2.3", "--wait").returncode == 3


def test_reading_makes_nothing(idle_node: Node) -> None:
    """A command that reads makes neither a database nor a data folder."""
    for command in (("studies",), ("jobs", "list"), ("db", "version"), ("explain", "1.2.3")):
        done = idle_node.cli(*command)
        assert done.returncode == 3
        assert "has not run here yet" in done.stderr
    assert not idle_node.data_dir.exists()


def test_a_bad_configuration_is_status_2(idle_node: Node) -> None:
    """Its sentences go to stderr, with no trace, whatever the command."""
    idle_node.configure("[node]\nport = 'x'\n")
    commands = ("serve",), ("status",), ("config", "check"), ("config", "show"), ("reload",)
    for command in commands:
        done = idle_node.cli(*command)
        assert done.returncode == 2, command
        assert "node.port" in done.stderr
        assert "Traceback" not in done.stderr


def test_db_upgrade_and_version(idle_node: Node) -> None:
    """Upgrade makes the database; version tells that it is this program's."""
    assert idle_node.cli("db", "upgrade").returncode == 0
    assert "already" in idle_node.cli("db", "upgrade").stdout
    assert idle_node.json("db", "version")["ok"]
    assert idle_node.cli("status").returncode == 3


def test_status_lists_what_runs(running_node: Node) -> None:
    """Status is 0 and names every process; --json has the moments twice."""
    assert running_node.cli("status").returncode == 0
    told = running_node.json("status")
    roles = {row["role"] for row in told["processes"]}
    assert {"supervisor", "receiver", "assembly", "sender", "gateway"} <= roles
    assert all(row["alive"] for row in told["processes"])
    assert told["at_iso"]
    assert told["disk"]["has_room"]


def test_status_watch_ends_on_interrupt(running_node: Node) -> None:
    """--watch goes on until Ctrl-C, which ends it with 130 and no trace."""
    watching = running_node.popen("status", "--watch", "--json")
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["running"]
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert err == ""


def test_a_broken_pipe_is_quiet(running_node: Node) -> None:
    """A reader that leaves early ends the command without a word."""
    watching = running_node.popen("status", "--watch")
    assert watching.stdout is not None
    assert watching.stderr is not None
    watching.stdout.readline()
    watching.stdout.close()
    assert watching.wait(timeout=20) == 141
    assert watching.stderr.read() == ""
    watching.stderr.close()


def test_reload_takes_over_peers_and_refuses_nonsense(running_node: Node) -> None:
    """A good file is taken over and echo knows the peer; a bad one is refused before the signal."""
    running_node.peers["itself"] = {"ae_title": "DICOM_NODE", "port": running_node.port}
    running_node.configure()
    done = running_node.cli("reload")
    assert done.returncode == 0, done.stderr
    assert "peers.itself" in done.stdout
    assert running_node.json("echo", "itself")["ok"]
    bad = running_node.config.read_text() + '[[routes]]\nname = "r"\npipelines = ["intake-check"]\n'
    running_node.configure(bad + 'when = { Modalty = "CT" }\n')
    refused = running_node.cli("reload")
    assert refused.returncode == 2
    assert "Modalty" in refused.stderr
    running_node.configure()


def test_jobs_and_deliveries_of_nothing(running_node: Node) -> None:
    """A job that is not there is status 1; wrong usage is status 2."""
    assert running_node.cli("jobs", "show", "999999").returncode == 1
    assert running_node.cli("jobs", "retry", "999999").returncode == 1
    assert running_node.cli("jobs", "retry").returncode == 2
    assert running_node.cli("jobs", "cancel", "999999").returncode == 1
    assert running_node.cli("jobs", "list", "--study", "1.2.3").returncode == 1
    assert running_node.cli("deliveries", "retry").returncode == 0
    assert isinstance(running_node.json("deliveries", "list")["deliveries"], list)


def test_explain_of_what_is_not_known(running_node: Node) -> None:
    """Neither a file nor a study: status 1 and a sentence."""
    done = running_node.cli("explain", "1.2.3.4.5")
    assert done.returncode == 1
    assert "neither" in done.stderr


def test_doctor_is_well_on_a_running_node(running_node: Node) -> None:
    """Nothing fails; every finding says what was checked."""
    told = running_node.json("doctor")
    assert told["ok"], [f for f in told["findings"] if f["level"] == "fail"]
    checked = {finding["what"] for finding in told["findings"]}
    assert {"database", "fsync", "disk", "node", "DICOM port", "HTTP port", "clock"} <= checked


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    """A destination that is down and a port that is taken are failures with advice; status 1."""
    node = Node(
        tmp_path / "node",
        peers={"pacs": {"ae_title": "PACS", "port": free_port()}},
        routes=[{"name": "r", "pipelines": ["intake-check", "nobody"], "send_to": ["pacs"]}],
    )
    with StoreSCP(tmp_path / "peer", port=node.port):
        done = node.cli("doctor", "--json")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert found["peer pacs"]["level"] == "fail"
    assert "firewall" in found["peer pacs"]["advice"]
    assert found["DICOM port"]["level"] == "fail"
    assert found["pipeline nobody"]["level"] == "warn"
    assert found["node"]["level"] == "warn"


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """`serve` on a port in use says so and exits with 1, without a trace."""
    node = Node(tmp_path / "node")
    with StoreSCP(tmp_path / "peer", port=node.port):
        done = node.cli("serve")
    assert done.returncode == 1
    assert str(node.port) in done.stderr
    assert "Traceback" not in done.stderr


def test_kill_and_start_again(tmp_path: Path, study: Phantom) -> None:
    """A node killed by SIGKILL leaves no process behind, and knows its studies after a start."""
    uid, files = study
    with Node(tmp_path / "node", node={"receivers": 1}) as node:
        assert node.cli("send", *files).returncode == 0
        node.kill()
        assert node.cli("status").returncode == 3
        node.start()
        assert node.wait_for_study(uid)["study"]["instances"] == len(files)


def test_wrong_usage_is_status_2(idle_node: Node) -> None:
    """argparse says what is wrong."""
    for command in (("sned",), ("send",), ("jobs", "list", "--status", "lost"), ()):
        assert idle_node.cli(*command).returncode == 2
