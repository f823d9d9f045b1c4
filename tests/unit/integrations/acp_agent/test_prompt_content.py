"""An editor's prompt as words and files: links, embedded resources, images, and what is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from acp import audio_block, image_block, resource_link_block, text_block
from acp.schema import BlobResourceContents, EmbeddedResourceContentBlock, TextResourceContents

from boocoder.errors import InvalidInput
from boocoder.integrations.acp_agent.prompt_content import local_path, prompt_content
from boocoder.model.limits import ATTACHMENT_MAX_BYTES

PROJECT = Path("/home/me/a project")
DATA = base64.b64encode(b"data").decode()


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a%20project/src/a.py", "src/a.py"),
        ("file:///home/me/a%20project", "."),
        ("file:///home/me/other/b.py", "/home/me/other/b.py"),
        ("/home/me/a project/c.py", "c.py"),
        ("https://example.org/x", "https://example.org/x"),
        ("zed:///thread/1", "zed:///thread/1"),
    ],
)
def test_paths_of_links(uri: str, path: str) -> None:
    assert local_path(uri, PROJECT) == path


def test_links_stay_in_the_sentence_and_embedded_files_come_behind_it() -> None:
    uri = "file:///home/me/a%20project/README.md"
    embedded = TextResourceContents(uri=uri, text="```\ncode\n```")
    made = prompt_content(
        [
            text_block("Explain "),
            resource_link_block("a.py", "file:///home/me/a%20project/a.py"),
            text_block(" please."),
            EmbeddedResourceContentBlock(type="resource", resource=embedded),
        ],
        PROJECT,
    )
    assert made.text == "Explain `a.py` please.\n\nContent of `README.md`:\n````\n```\ncode\n```\n````"
    assert made.files == []


def test_images_and_binary_files_are_attachments() -> None:
    blob = BlobResourceContents(uri="file:///tmp/x/report.pdf", blob=DATA)
    made = prompt_content(
        [image_block(DATA, "image/jpeg"), EmbeddedResourceContentBlock(type="resource", resource=blob)], PROJECT
    )
    assert [one.name for one in made.files] == ["image-1.jpg", "report.pdf"]
    assert made.text == "See the attached files."


def test_what_is_refused_says_why() -> None:
    large = base64.b64encode(bytes(ATTACHMENT_MAX_BYTES + 1)).decode()
    for block, code in (
        (text_block("  "), "prompt_empty"),
        (audio_block(DATA, "audio/wav"), "prompt_block_unsupported"),
        (image_block("%%%", "image/png"), "attachment_not_base64"),
        (image_block(large, "image/png"), "attachment_too_large"),
    ):
        with pytest.raises(InvalidInput) as refused:
            prompt_content([block], PROJECT)
        assert refused.value.code == code and refused.value.cure
