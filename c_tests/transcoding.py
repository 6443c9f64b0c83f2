"""Text of other encodings read as UTF-8, compared with what Python reads."""

import codecs
import io
import random

from arrowio import Failure, PythonFile, buffer_reader, run, transcoding

ONE_BYTE = (
    ["ascii", "latin-1", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + [f"cp{number}" for number in range(1250, 1259)]
    + [f"iso-8859-{number}" for number in range(2, 17) if number != 12]
)
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
ASIAN = ["gb18030", "gbk", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp"]
TEXT = "plain, äöü ß €, кириллица, ελληνικά, 漢字かな交じり文, 한국어, 𝄞 and 😀\r\n\0end"
# What the web and Python agree about.
ASIAN_TEXT = "plain, 漢字交文, 한국어\r\nend"


class Pieces(io.RawIOBase):
    """Bytes that come in pieces of the given sizes."""

    def __init__(self, content, sizes):
        super().__init__()
        self.content, self.sizes, self.at = content, list(sizes), 0

    def read(self, size=-1):
        most = min(size, self.sizes.pop(0)) if self.sizes else size
        piece = self.content[self.at : self.at + most]
        self.at += len(piece)
        return piece


def decoded(content, encoding, sizes=(), replace=False):
    raw = PythonFile(Pieces(content, sizes)) if sizes else buffer_reader(content)
    file = transcoding(raw, encoding, replace)
    raw.release()
    try:
        return file.read_all()
    finally:
        file.close()
        file.release()


def failure_of(content, encoding, sizes=()):
    try:
        decoded(content, encoding, sizes)
    except Failure as failure:
        return str(failure)
    raise AssertionError(f"{content} is no {encoding} and was read")


def check(content, encoding, sizes=()):
    """The same text, or the same failure at the same place; and the same with replacements."""
    assert decoded(content, encoding, sizes, replace=True) == content.decode(encoding, "replace").encode(), (content, encoding)
    try:
        expected = content.decode(encoding)
    except UnicodeDecodeError as error:
        said = failure_of(content, encoding, sizes)
        # Of this encoding Python counts from behind the mark.
        marked = encoding == "utf-8-sig" and content.startswith(codecs.BOM_UTF8)
        assert f"at byte offset {error.start + 3 * marked}" in said, (said, error)
        return
    assert decoded(content, encoding, sizes) == expected.encode(), (content, encoding)


def every_byte_of_every_set():
    for encoding in ONE_BYTE:
        for byte in range(256):
            check(bytes([byte]), encoding)
        check(bytes(range(128)) * 1000, encoding)


def texts_split_everywhere():
    for encoding in UNICODE + ASIAN:
        content = (TEXT if encoding in UNICODE else ASIAN_TEXT).encode(encoding, "ignore")
        expected = content.decode(encoding).encode()
        for split in range(1, len(content)):
            assert decoded(content, encoding, [split]) == expected, (encoding, split)
        assert decoded(content, encoding, [1] * len(content)) == expected
        assert decoded(content, encoding) == expected


def texts_cut_everywhere():
    for encoding in UNICODE:
        content = TEXT.encode(encoding)
        for end in range(len(content)):
            check(content[:end], encoding)
            check(content[:end], encoding, [1] * end)


def marks():
    for mark in codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"":
        for text in "", "a", "äö", "\ufeffa", "\ufffea":
            for body in text.encode("utf-16-le"), text.encode("utf-16-be"):
                for encoding in "utf-16", "utf-16-le", "utf-16-be":
                    for sizes in [], [1], [2], [3], [1, 1, 1]:
                        check(mark + body, encoding, sizes)
    for body in b"", b"a", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"a", codecs.BOM_UTF8[:2], codecs.BOM_UTF8 * 2:
        for encoding in "utf-8", "utf-8-sig":
            for sizes in [], [1], [2], [3], [1, 1, 1]:
                check(body, encoding, sizes)


def noise():
    chosen = random.Random(3)
    for encoding in "utf-8", "utf-16-le", "utf-16-be", "ascii", "cp1252", "cp1255":
        for _ in range(150):
            content = bytearray(TEXT.encode(encoding, "ignore") * chosen.randrange(1, 4))
            for _ in range(chosen.randrange(3)):
                content[chosen.randrange(len(content))] = chosen.randrange(256)
            sizes = [chosen.randrange(1, 9) for _ in range(chosen.randrange(40))]
            check(bytes(content), encoding, sizes)


def more_than_a_chunk():
    for encoding in UNICODE + ["latin-1", "cp1251", "gb18030"]:
        for shift in range(4):
            text = "x" * shift + TEXT * 3000
            content = text.encode(encoding, "ignore")
            assert decoded(content, encoding) == content.decode(encoding).encode(), encoding


def what_is_wrong_comes_after_what_is_right():
    content = b"right " * 50_000
    file = transcoding(buffer_reader(content + b"\xff wrong"), "utf-8")
    assert file.read(len(content)) == content
    for _ in range(2):
        try:
            file.read(1)
            raise AssertionError("it was read")
        except Failure as failure:
            assert f"byte offset {len(content)} " in str(failure), failure
        assert file.tell() == len(content)
    file.close()
    file.release()


def names_in_any_spelling():
    for name in ["UTF-8", "utf8", "U8", "utf_16", "UTF-16LE", "Latin-1", "iso-8859-15", "ISO_8859_15", "windows-1252",
                 "CP1252", "l2", "latin9", "KOI8-R", "macintosh", "Shift-JIS", "EUC-JP", "us-ascii"]:
        content = "abc".encode(name)
        assert decoded(content, name) == b"abc"


run([
    every_byte_of_every_set, texts_split_everywhere, texts_cut_everywhere, marks, noise, more_than_a_chunk,
    what_is_wrong_comes_after_what_is_right, names_in_any_spelling,
])
