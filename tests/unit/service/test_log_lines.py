import json
from pathlib import Path

from genesis.service.logs import MANDATORY, log, open_logs


def test_a_line_has_every_mandatory_field_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "genesis.jsonl"
    close = open_logs(file, ["s3cret-key"], lambda: {"account_id": "acc", "tier": "SNIPER"})
    try:
        log("gateway").info("sent", correlation_id="r1", header="X s3cret-key Y", n=1)
        try:
            raise ValueError("with s3cret-key inside")
        except ValueError as problem:
            log("gateway").error("broke", error_type="ValueError", exc_info=problem)
    finally:
        close()
    text = file.read_text()
    assert "s3cret" not in text
    sent, broke = (json.loads(line) for line in text.splitlines())
    for line in (sent, broke):
        assert {"timestamp", "level", "component", "context", *MANDATORY} <= set(line)
    assert (sent["level"], sent["component"], sent["event"]) == ("info", "gateway", "sent")
    assert (sent["account_id"], sent["tier"], sent["correlation_id"]) == ("acc", "SNIPER", "r1")
    assert sent["context"]["n"] == 1
    assert broke["error_type"] == "ValueError"
    assert "Traceback" in broke["context"]["exception"]


def test_a_secret_with_signs_that_json_writes_otherwise_is_no_less_secret(tmp_path: Path) -> None:
    file, secret = tmp_path / "genesis.jsonl", 'pa"ss\\wörd'
    close = open_logs(file, [secret], dict)
    try:
        log("gateway").info(f"sent with {secret}", header=secret, within={"of": [secret]})
    finally:
        close()
    [line] = map(json.loads, file.read_text().splitlines())
    assert line["event"] == "sent with ********"
    assert line["context"] == {"header": "********", "within": {"of": ["********"]}}


def test_before_a_file_is_open_nothing_is_printed(capsys: object) -> None:
    log("service").critical("nobody hears")
    assert capsys.readouterr() == ("", "")  # type: ignore[attr-defined]
