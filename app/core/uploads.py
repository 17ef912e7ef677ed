"""Files on their way in: they grow on the disk of the data folder, without a name, and vanish with their request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Request, current_app, request

from .config import Settings

IN_MEMORY_BYTES = 64 * 1024  # the server's own chunk; what is longer goes to the disk


@dataclass(frozen=True)
class SentFile:
    """One file of a form: the name its sender's device gave it (to be distrusted), its content, its length in bytes."""

    name: str
    content: IO[bytes]
    size_bytes: int


class UploadRequest(Request):
    """A request whose files lie in `<data>/uploads/`: on the disk they are going to, not in memory or in /tmp."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """A file without a name: when an upload breaks off, or the process is killed, nothing of it stays behind."""
        settings: Settings = current_app.extensions["tsubomi.settings"]
        settings.uploads_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, mode="w+b", dir=str(settings.uploads_folder))  # noqa: SIM115
        self._spools.append(spool)
        return cast(IO[bytes], spool)

    @cached_property
    def _spools(self) -> list[SpooledTemporaryFile[bytes]]:
        return []

    def close(self) -> None:
        """Let go of the files, of one that broke off in the middle too."""
        super().close()
        for spool in self._spools:
            spool.close()


def sent_files(field: str) -> Iterator[SentFile]:
    """The files of one field of the form now posted, in their order; a field left empty has none."""
    for each in request.files.getlist(field):
        if each.filename:
            size = each.stream.seek(0, os.SEEK_END)
            each.stream.seek(0)
            yield SentFile(each.filename, each.stream, size)
