"""What other programs compress we read, and what we compress they read: tools.py CODEC FOLDER

TOOLS is the table. A command reads the file $IN, beside which $DICTIONARY lies, and writes what it makes of it.
"""

import itertools
import os
import random
import shutil
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass

import arrowio
import pyarrow
import snappy

MIB = 1 << 20

# Of Debian.
PACKAGES = {
    "bgzip": "tabix", "brotli": "brotli", "bzip2": "bzip2", "gzip": "gzip", "lbzip2": "lbzip2", "lz4": "lz4",
    "pbzip2": "pbzip2", "pigz": "pigz", "xz": "xz-utils", "zstd": "zstd",
}


@dataclass
class Theirs:
    """A way to compress: a command, or a function of bytes. The inverse is a command, or a function of bytes and the size."""

    way: object
    #: How often the content is in what comes out.
    times: int = 1
    #: It uses the dictionary.
    dictionary: bool = False


@dataclass
class Tools:
    """The tools of a codec."""

    suffix: str
    compress: list
    decompress: list
    #: The greatest level that is worth the time; None: the codec's own.
    greatest: int = None
    #: The first of `decompress` gives what was flushed before it finds that the rest is missing.
    reads_flushed: bool = True
    #: Its checksum can be left out.
    checksum_is_optional: bool = False
    takes_dictionary: str = None


def deflated(bits, level=-1, strategy=zlib.Z_DEFAULT_STRATEGY):
    def compress(content):
        compressor = zlib.compressobj(level, zlib.DEFLATED, bits, 8, strategy)
        return compressor.compress(content) + compressor.flush()

    return compress


def inflated(bits):
    def decompress(content, size):
        decompressor = zlib.decompressobj(bits)
        made = decompressor.decompress(content) + decompressor.flush()
        if not decompressor.eof or decompressor.unused_data:
            raise ValueError("not one whole stream")
        return made

    return decompress


def arrow(name):
    """Arrow's codecs on whole pieces of memory."""

    def compress(content):
        return pyarrow.Codec(name).compress(content, asbytes=True)

    def decompress(content, size):
        return pyarrow.Codec(name).decompress(content, size, asbytes=True)

    return compress, decompress


def python_snappy(compressor, decompressor):
    def compress(content):
        stream = compressor()
        return b"".join(stream.add_chunk(content[at:at + 100000]) for at in range(0, len(content), 100000))

    def decompress(content, size):
        stream = decompressor()
        return stream.decompress(content) + (stream.flush() or b"")

    return compress, decompress


def hadoop(compress, decompress):
    """A block as Hadoop frames it: its two sizes go before it."""

    def compress_framed(content):
        block = compress(content)
        return struct.pack(">II", len(content), len(block)) + block

    def decompress_framed(content, size):
        made = b""
        while content:
            whole, packed = struct.unpack_from(">II", content)
            made += decompress(content[8:8 + packed], whole)
            content = content[8 + packed:]
        return made

    return compress_framed, decompress_framed


arrow_snappy, arrow_lz4_raw = arrow("snappy"), arrow("lz4_raw")
lz4_hadoop = hadoop(*arrow_lz4_raw)
snappy_framed = python_snappy(snappy.StreamCompressor, snappy.StreamDecompressor)
snappy_hadoop = python_snappy(snappy.HadoopStreamCompressor, snappy.HadoopStreamDecompressor)

TOOLS = {
    "gzip": Tools(
        ".gz",
        [
            'gzip -1 < "$IN"', 'gzip -9 -c "$IN"', 'gzip -n --rsyncable -c "$IN"', 'pigz -c "$IN"',
            'pigz -p 4 -b 128 -9 -c "$IN"', 'pigz -i -b 128 -c "$IN"', 'bgzip -c "$IN"',
            'bgzip -@ 2 -l 9 -c "$IN"', Theirs('gzip -c "$IN"; pigz -c "$IN"; bgzip -c "$IN"', 3),
            deflated(31, 0), deflated(31, 6, zlib.Z_FIXED), arrow("gzip")[0],
        ],
        ['gzip -dc', 'pigz -dc', 'bgzip -dc', inflated(31)],
    ),
    "zlib": Tools(
        ".zz", ['pigz -z -c "$IN"', 'pigz -z -p 4 -b 128 -c "$IN"', deflated(15), deflated(15, 0), deflated(9, 9)],
        ['pigz -dc', inflated(15)], reads_flushed=False,
    ),
    "deflate": Tools(
        ".deflate", [deflated(-15), deflated(-15, 0), deflated(-15, 9), deflated(-9), deflated(-15, 6, zlib.Z_HUFFMAN_ONLY)],
        [inflated(-15)], reads_flushed=False,
    ),
    "zstd": Tools(
        ".zst",
        [
            'zstd -q -1 < "$IN"', 'zstd -q -c "$IN"', 'zstd -q -19 -c "$IN"', 'zstd -q --ultra -22 -c "$IN"',
            'zstd -q --fast=10 -c "$IN"', 'zstd -q -T2 -B65536 -c "$IN"', 'zstd -q --long -c "$IN"',
            'zstd -q --long=27 < "$IN"', 'zstd -q --no-check -c "$IN"', 'zstd -q --no-content-size -c "$IN"',
            'zstd -q --rsyncable -T2 -c "$IN"', Theirs('zstd -q -c "$IN"; zstd -q --no-check < "$IN"; pzstd -q -c "$IN"', 3),
            Theirs('zstd -q -D "$DICTIONARY" -c "$IN"', dictionary=True), arrow("zstd")[0],
        ],
        ['zstd -q -dc'], greatest=19, checksum_is_optional=True, reads_flushed=False,
        takes_dictionary='zstd -q -D "$DICTIONARY" -dc',
    ),
    "lz4": Tools(
        ".lz4",
        [
            'lz4 -1 < "$IN"', 'lz4 -9 -c "$IN"', 'lz4 -12 -BD -c "$IN"', 'lz4 -B4 -c "$IN"', 'lz4 -B4 -BD -c "$IN"',
            'lz4 -BX -c "$IN"', 'lz4 --content-size -c "$IN"', 'lz4 --no-frame-crc -c "$IN"', 'lz4 --fast=8 -c "$IN"',
            'lz4 -l -c "$IN"', Theirs('lz4 -c "$IN"; lz4 -BD < "$IN"; lz4 --no-frame-crc -c "$IN"', 3), arrow("lz4")[0],
        ],
        ['lz4 -dc'], checksum_is_optional=True,
    ),
    "bz2": Tools(
        ".bz2",
        [
            'bzip2 -1 < "$IN"', 'bzip2 -9 -c "$IN"', 'pbzip2 -p2 -b1 -c "$IN"', 'lbzip2 -n 2 -1 -c "$IN"',
            Theirs('bzip2 -c "$IN"; pbzip2 -c "$IN"; lbzip2 -c "$IN"', 3),
        ],
        ['bzip2 -dc', 'lbzip2 -dc', 'pbzip2 -dc'],
    ),
    "brotli": Tools(
        ".br",
        ['brotli -q 0 -c "$IN"', 'brotli -q 5 < "$IN"', 'brotli -c "$IN"', 'brotli -q 9 -w 24 -c "$IN"',
         'brotli -q 9 -w 10 -c "$IN"', arrow("brotli")[0]],
        ['brotli -dc'], reads_flushed=False,
    ),
    "snappy": Tools(
        "", [snappy.compress, arrow_snappy[0]], [lambda content, size: snappy.decompress(content), arrow_snappy[1]],
    ),
    "snappy_framed": Tools(".sz", [snappy_framed[0]], [snappy_framed[1]]),
    "snappy_hadoop": Tools(".snappy", [snappy_hadoop[0]], [snappy_hadoop[1]]),
    "lz4_raw": Tools("", [arrow_lz4_raw[0]], [arrow_lz4_raw[1]]),
    "lz4_hadoop": Tools("", [lz4_hadoop[0]], [lz4_hadoop[1]]),
    "xz": Tools(
        ".xz",
        [
            'xz -0 < "$IN"', 'xz -6 -c "$IN"', 'xz -9e -c "$IN"', 'xz -T2 --block-size=65536 -c "$IN"',
            'xz --check=none -c "$IN"', 'xz --check=crc32 -c "$IN"', 'xz --check=crc64 -c "$IN"',
            'xz --check=sha256 -c "$IN"', 'xz --x86 --lzma2=preset=1 -c "$IN"', 'xz --delta=dist=8 --lzma2 -c "$IN"',
            Theirs('xz -0 -c "$IN"; xz --check=none < "$IN"; xz -T2 -c "$IN"', 3),
        ],
        ['xz -dc'], greatest=6, checksum_is_optional=True,
    ),
}


def text(size):
    chosen = random.Random(1)
    words = ["".join(chosen.choices("abcdefghijklmnop", k=chosen.randint(2, 9))) for _ in range(500)]
    return " ".join(chosen.choices(words, k=size // 4)).replace(" m", "\n")[:size].encode()


CONTENTS = {
    "nothing": b"", "a byte": b"x", "text": text(MIB), "noise": random.Random(2).randbytes(MIB), "zeros": bytes(10 * MIB),
}


class Place:
    """The folder in which the tools work."""

    def __init__(self, folder):
        self.folder = folder
        self.dictionary = text(20000)
        self.save("dictionary", self.dictionary)

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)

    def load(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def shell(self, command, content=None):
        """What a command writes, and whether it was content with what it read."""
        variables = {"IN": self.path("content"), "DICTIONARY": self.path("dictionary")}
        done = subprocess.run(["bash", "-ec", command], input=content, env=os.environ | variables, capture_output=True)
        return done.stdout, done.returncode == 0, done.stderr.decode(errors="replace")


def require(holds, *what):
    if not holds:
        raise AssertionError(" ".join(str(part) for part in what))


class Session:
    """One codec and its tools."""

    def __init__(self, name, folder):
        self.name = name
        self.tools = TOOLS[name]
        self.codec = arrowio.Codec(name)
        self.place = Place(folder)

    # ---- What they compress ----

    def compress_by_them(self, theirs, content):
        if callable(theirs.way):
            return theirs.way(content)
        self.place.save("content", content)
        made, went_well, said = self.place.shell(theirs.way)
        require(went_well, theirs.way, said)
        return made

    def read_by_us(self, packed, dictionary):
        """The content by every way of ours, with what the way is called."""
        yield "one call", self.codec.decompress(packed, dictionary=dictionary)
        if not self.codec.info.has_streams:
            return
        path = self.place.path("packed" + self.tools.suffix)
        self.place.save("packed" + self.tools.suffix, packed)
        for threads in [0, 2]:
            yield f"{threads} threads", read_all(self.codec.open_input(path, dictionary=dictionary, threads=threads))
        yield "small pieces", read_in_pieces(self.codec.open_input(path, dictionary=dictionary))
        if self.tools.suffix and not dictionary:
            yield "by its name", read_all(arrowio.File(arrowio.handle("arrowio_input_stream_open", path.encode(), None)))

    def check_theirs(self):
        for theirs in self.tools.compress:
            theirs = theirs if isinstance(theirs, Theirs) else Theirs(theirs)
            for kind, content in CONTENTS.items():
                packed = self.compress_by_them(theirs, content)
                dictionary = self.place.dictionary if theirs.dictionary else None
                for way, read in self.read_by_us(packed, dictionary):
                    require(read == content * theirs.times, self.name, "of", theirs.way, kind, way, len(read), "bytes")

    # ---- What we compress ----

    def write(self, content, pieces, flushes=False, **options):
        """Compressed through a stream, in pieces of these sizes, again and again."""
        path = self.place.path("ours")
        file = self.codec.open_output(path, **options)
        at, sizes = 0, itertools.cycle(pieces)
        while at < len(content):
            size = next(sizes)
            file.write(content[at:at + size])
            at += size
            if flushes:
                file.flush()
                if self.tools.reads_flushed:
                    self.check_flushed(self.place.load("ours"), content[:at])
        file.close()
        file.release()
        return self.place.load("ours")

    def check_flushed(self, packed, content):
        reader = self.tools.decompress[0]
        read = self.place.shell(reader, packed)[0] if isinstance(reader, str) else None
        require(read is None or read == content, reader, "reads", len(read or b""), "bytes of the", len(content), "flushed")

    def levels(self):
        info = self.codec.info
        greatest = info.greatest_level if self.tools.greatest is None else self.tools.greatest
        zero = -1 << 31
        return [level or zero for level in [info.least_level, greatest]] if info.has_levels else []

    def ways(self, content):
        """What we make of the content by every way of ours, with what the way is called and its dictionary."""
        yield "one call", self.codec.compress(content), False
        yield "one call, 2 threads", self.codec.compress(content, threads=2), False
        for level in self.levels():
            yield f"one call, level {level}", self.codec.compress(content, compression_level=level), False
        if self.tools.takes_dictionary:
            yield "dictionary", self.codec.compress(content, dictionary=self.place.dictionary), True
        if not self.codec.info.has_streams:
            return
        size, whole = len(content), max(len(content), 1)
        yield "stream", self.write(content, [whole]), False
        yield "2 threads", self.write(content, [whole], threads=2), False
        yield "small writes", self.write(content, [1, 7, 997, size // 1000 + 1]), False
        yield "flushed", self.write(content, [size // 3 + 1, size // 7 + 1], flushes=True), False
        yield "flushed, 2 threads", self.write(content, [size // 3 + 1], flushes=True, threads=2), False
        for level in self.levels():
            yield f"level {level}", self.write(content, [MIB], compression_level=level), False
        if self.tools.checksum_is_optional:
            yield "without checksum", self.write(content, [whole], without_checksum=1), False
        if self.tools.takes_dictionary:
            yield "dictionary", self.write(content, [whole], dictionary=self.place.dictionary), True

    def decompress_by_them(self, reader, packed, size):
        if not callable(reader):
            read, went_well, said = self.place.shell(reader, packed)
            require(went_well, reader, said)
            return read
        return reader(packed, size)

    def check_ours(self):
        for kind, content in CONTENTS.items():
            for way, packed, with_dictionary in self.ways(content):
                readers = [self.tools.takes_dictionary] if with_dictionary else self.tools.decompress
                for reader in readers:
                    try:
                        read = self.decompress_by_them(reader, packed, len(content))
                    except Exception as failure:
                        raise AssertionError(f"{reader} does not read {kind} by {way}: {failure}") from failure
                    require(read == content, reader, "reads", len(read), "bytes of", kind, "by", way)


def read_all(file):
    content = file.read_all()
    file.close()
    file.release()
    return content


def read_in_pieces(file):
    content = bytearray()
    for size in itertools.cycle([1, 4093, 65536, 200000]):
        piece = file.read(size)
        content += piece
        if len(piece) < size:
            break
    file.close()
    file.release()
    return bytes(content)


def check_installed():
    missing = sorted(package for tool, package in PACKAGES.items() if shutil.which(tool) is None)
    if missing:
        raise SystemExit(f"tools are missing; apt-get install {' '.join(missing)}")


if __name__ == "__main__":
    check_installed()
    session = Session(sys.argv[1], sys.argv[2])
    arrowio.run([session.check_theirs, session.check_ours])
