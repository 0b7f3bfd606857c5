"""What a person names is read whole, or refused: nothing is read without end or waited for."""

import errno
import os
import socket
from pathlib import Path

import pytest

from host.named_files import SMALL_BYTES_MAX, check_named, read_named, read_named_text


def test_a_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * SMALL_BYTES_MAX)
    assert read_named(file) == b"x" * SMALL_BYTES_MAX
    file.write_bytes(b"x" * (SMALL_BYTES_MAX + 1))
    with pytest.raises(OSError, match=r"it is longer than 1,048,576 bytes: .*file"):
        read_named(file)


def test_a_file_of_another_system_has_its_lines(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\r\nb\n")
    assert read_named_text(tmp_path / "file") == "a\nb\n"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/random"])
def test_a_device_is_no_file(device: str) -> None:
    with pytest.raises(OSError, match=f"it is a device and no regular file: '{device}'") as told:
        read_named(device)
    assert (told.value.errno, told.value.filename) == (errno.EINVAL, device)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe and no regular file"):
        read_named(tmp_path / "pipe")


def test_a_socket_a_directory_and_nothing_are_told_apart(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="it is a socket and no regular file"):
            check_named(tmp_path / "socket")
    with pytest.raises(IsADirectoryError):
        check_named(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_named(tmp_path / "none")


def test_a_file_that_has_no_size_is_read_no_further_than_its_limit() -> None:
    assert read_named("/proc/self/status").startswith(b"Name:")
    with pytest.raises(OSError, match="it is longer than 10 bytes"):
        read_named("/proc/self/status", 10)
