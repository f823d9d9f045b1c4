"""What of Git LFS one snapshot takes in."""

from __future__ import annotations

from boocoder.git.lfs.limits import FILE_MAX_BYTES, TOTAL_MAX_BYTES, within_limits


def test_a_file_and_all_together_have_a_limit() -> None:
    whole = TOTAL_MAX_BYTES // FILE_MAX_BYTES
    largest = {b"%d" % number: FILE_MAX_BYTES for number in range(whole)}
    assert within_limits(largest) == largest.keys()
    assert within_limits({b"0": FILE_MAX_BYTES + 1, b"1": FILE_MAX_BYTES}) == {b"1"}
    assert within_limits({**largest, b"small": 1}) == {b"small", *sorted(largest)[: whole - 1]}
