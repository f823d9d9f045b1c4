"""The certificate for phones: made once, readable by its owner only, for the address that it is used at."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from boocoder.api.phone.certificate import VALID_FOR, load_certificate
from boocoder.errors import InvalidInput


def test_it_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "phone"
    made = load_certificate(folder, "192.168.1.7")
    assert load_certificate(folder, "192.168.1.7") == made
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["certificate.pem", "key.pem"]


def test_the_fingerprint_is_that_of_the_certificate(tmp_path: Path) -> None:
    made = load_certificate(tmp_path, "192.168.1.7")
    read = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    assert made.fingerprint == read.fingerprint(hashes.SHA256()).hex(":").upper()


def test_another_address_gets_another_certificate_with_the_same_key(tmp_path: Path) -> None:
    first = load_certificate(tmp_path, "192.168.1.7")
    key = first.key.read_bytes()
    other = load_certificate(tmp_path, "fd00::7")
    assert other.fingerprint != first.fingerprint
    assert other.key.read_bytes() == key


def test_it_is_renewed_before_it_is_over(tmp_path: Path) -> None:
    first = load_certificate(tmp_path, "192.168.1.7")
    soon = datetime.now(UTC) + VALID_FOR - timedelta(days=10)
    assert load_certificate(tmp_path, "192.168.1.7", now=soon).fingerprint != first.fingerprint


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_a_damaged_file_is_named_with_its_cure(tmp_path: Path, name: str) -> None:
    load_certificate(tmp_path, "192.168.1.7")
    (tmp_path / name).write_text("nothing")
    with pytest.raises(InvalidInput, match="are no certificate") as raised:
        load_certificate(tmp_path, "192.168.1.8")
    assert "Delete the folder" in raised.value.cure


def test_files_that_others_could_read_are_closed(tmp_path: Path) -> None:
    made = load_certificate(tmp_path, "192.168.1.7")
    for file in (made.certificate, made.key):
        file.chmod(0o644)
    load_certificate(tmp_path, "192.168.1.7")
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
