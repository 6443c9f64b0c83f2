"""The C interface from Python, as far as the tests of this folder need it. The library is the one in ARROWIO_LIBRARY."""

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p

library = ctypes.CDLL(os.environ["ARROWIO_LIBRARY"])
library.arrowio_error_message.restype = c_char_p
library.arrowio_status_name.restype = c_char_p
library.arrowio_buffer_data.restype = c_void_p
library.arrowio_buffer_size.restype = c_int64

OK, IO_ERROR, CLOSED = 0, 5, 101
START, CURRENT, END = 0, 1, 2


class Failure(Exception):
    """A call that failed: its status' name, its errno and what was said."""

    def __init__(self, status, error):
        super().__init__(library.arrowio_error_message(error).decode())
        self.status = library.arrowio_status_name(status).decode()
        self.os_error = library.arrowio_error_os_error(error)


def call(name, *arguments):
    """Calls a function that can fail. Other threads of Python run meanwhile."""
    error = c_void_p()
    status = getattr(library, name)(*arguments, byref(error))
    if status != OK:
        failure = Failure(status, error)
        library.arrowio_error_release(error)
        raise failure


def handle(name, *arguments):
    """Calls a function whose last output is a handle."""
    made = c_void_p()
    call(name, *arguments, byref(made))
    return made


def take_bytes(buffer):
    """The bytes of a buffer, which is released."""
    size = library.arrowio_buffer_size(buffer)
    content = ctypes.string_at(library.arrowio_buffer_data(buffer), size)
    library.arrowio_buffer_release(buffer)
    return content


def buffer_reader(content):
    """A file that reads these bytes."""
    buffer = handle("arrowio_buffer_copy_bytes", None, bytes(content), c_int64(len(content)))
    file = File(handle("arrowio_buffer_reader_new", buffer))
    library.arrowio_buffer_release(buffer)
    return file


class TranscodingOptions(ctypes.Structure):
    """arrowio_transcoding_options."""

    _fields_ = [("struct_size", c_size_t), ("pool", c_void_p), ("on_error", c_uint32), ("reserved", c_uint32)]


def transcoding(raw, encoding, replace=False):
    """A file that gives the text of another one in UTF-8."""
    options = TranscodingOptions(struct_size=ctypes.sizeof(TranscodingOptions), on_error=int(replace))
    return File(handle("arrowio_transcoding_input_stream_new", raw.handle, encoding.encode(), byref(options)))


class CompressionOptions(ctypes.Structure):
    """arrowio_compression_options."""

    _fields_ = [
        ("struct_size", c_size_t), ("pool", c_void_p), ("dictionary", c_char_p), ("dictionary_size", c_int64),
        ("compression_level", c_int32), ("window_log", c_int32), ("threads", c_int32), ("without_checksum", c_int32),
    ]


class DecompressionOptions(ctypes.Structure):
    """arrowio_decompression_options."""

    _fields_ = [
        ("struct_size", c_size_t), ("pool", c_void_p), ("dictionary", c_char_p), ("dictionary_size", c_int64),
        ("max_output_size", c_int64), ("max_ratio", c_int64), ("memory_limit", c_int64), ("threads", c_int32),
        ("trailing", c_uint32),
    ]


class StreamOptions(ctypes.Structure):
    """arrowio_stream_options."""

    _fields_ = [
        ("struct_size", c_size_t), ("pool", c_void_p), ("buffer_size", c_int64), ("codec", c_uint32),
        ("reserved", c_int32), ("file_options", c_void_p), ("compression", POINTER(CompressionOptions)),
        ("decompression", POINTER(DecompressionOptions)),
    ]


class CodecInfo(ctypes.Structure):
    """arrowio_codec_info."""

    _fields_ = [
        ("struct_size", c_size_t), ("name", c_char_p), ("least_level", c_int32), ("default_level", c_int32),
        ("greatest_level", c_int32), ("has_levels", c_int32), ("has_streams", c_int32), ("has_checksum", c_int32),
    ]


def options_of(kind, dictionary=None, **fields):
    """Options with these fields, everything else by default."""
    if dictionary is not None:
        fields |= {"dictionary": dictionary, "dictionary_size": len(dictionary)}
    return kind(struct_size=ctypes.sizeof(kind), **fields)


class Codec:
    """A codec of the library, by its name."""

    def __init__(self, name):
        codec = c_uint32()
        call("arrowio_codec_from_name", name.encode(), byref(codec))
        self.number = codec.value
        self.info = options_of(CodecInfo)
        call("arrowio_codec_describe", codec, byref(self.info))

    def compress(self, content, **options):
        return self.one_shot("arrowio_codec_compress_buffer", content, options_of(CompressionOptions, **options))

    def decompress(self, content, **options):
        return self.one_shot("arrowio_codec_decompress_buffer", content, options_of(DecompressionOptions, **options), None)

    def one_shot(self, function, content, options, *others):
        made = c_void_p()
        call(function, c_uint32(self.number), content, c_int64(len(content)), byref(options), byref(made), *others)
        return take_bytes(made)

    def open_output(self, path, **options):
        """A file that compresses into the one of this path."""
        compression = options_of(CompressionOptions, **options)
        return self.open("arrowio_output_stream_open", path, compression=ctypes.pointer(compression))

    def open_input(self, path, **options):
        """A file that decompresses the one of this path."""
        decompression = options_of(DecompressionOptions, **options)
        return self.open("arrowio_input_stream_open", path, decompression=ctypes.pointer(decompression))

    def open(self, function, path, **options):
        stream = options_of(StreamOptions, codec=self.number, **options)
        return File(handle(function, os.fsencode(path), byref(stream)))


class File:
    """A file of the library."""

    def __init__(self, made):
        self.handle = made

    def number(self, name, *arguments):
        number = c_int64(-1)
        call(name, self.handle, *arguments, byref(number))
        return number.value

    def read(self, size):
        dst = ctypes.create_string_buffer(max(size, 1))
        got = self.number("arrowio_file_read", dst, c_int64(size))
        return dst.raw[:got]

    def read_at(self, offset, size):
        dst = ctypes.create_string_buffer(max(size, 1))
        got = self.number("arrowio_file_read_at", c_int64(offset), dst, c_int64(size))
        return dst.raw[:got]

    def read_all(self):
        return take_bytes(handle("arrowio_file_read_all", self.handle))

    def write(self, data):
        call("arrowio_file_write", self.handle, bytes(data), c_int64(len(data)))

    def seek(self, offset, whence=START):
        return self.number("arrowio_file_seek", c_int64(offset), c_uint32(whence))

    def tell(self):
        return self.number("arrowio_file_tell")

    def size(self):
        return self.number("arrowio_file_size")

    def flush(self):
        call("arrowio_file_flush", self.handle)

    def close(self):
        call("arrowio_file_close", self.handle)

    def release(self):
        made, self.handle = self.handle, None
        library.arrowio_file_release(made)


NUMBER = POINTER(c_int64)
ERROR = c_void_p
READ = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_int64, NUMBER, ERROR)
READ_AT = CFUNCTYPE(c_int32, c_void_p, c_int64, c_void_p, c_int64, NUMBER, ERROR)
SEEK = CFUNCTYPE(c_int32, c_void_p, c_int64, c_uint32, NUMBER, ERROR)
GET = CFUNCTYPE(c_int32, c_void_p, NUMBER, ERROR)
SET = CFUNCTYPE(c_int32, c_void_p, c_int64, ERROR)
SIMPLE = CFUNCTYPE(c_int32, c_void_p, ERROR)
FREE = CFUNCTYPE(None, c_void_p)


class Callbacks(ctypes.Structure):
    """arrowio_file_callbacks."""

    _fields_ = [
        ("struct_size", c_size_t), ("name", c_char_p), ("read", READ), ("read_at", READ_AT), ("write", READ),
        ("write_at", READ_AT), ("seek", SEEK), ("tell", GET), ("size", GET), ("resize", SET), ("flush", SIMPLE),
        ("sync", SIMPLE), ("close", SIMPLE), ("abort", SIMPLE), ("free_fn", FREE),
    ]


def guarded(function):
    """Turns an exception into an error of the library."""

    def run(user_data, *arguments):
        try:
            function(*arguments[:-1])
            return OK
        except BaseException as exception:
            text = f"{type(exception).__name__}: {exception}".encode()
            number = exception.errno if isinstance(exception, OSError) and exception.errno else 0
            return library.arrowio_error_new(c_int32(IO_ERROR), c_int32(number), text, c_void_p(arguments[-1]))

    return run


class PythonFile(File):
    """A file of the library whose work an object of Python does, which has the methods of io.RawIOBase or some of them."""

    #: Whatever the library may still call.
    alive = {}
    next_key = 1

    def __init__(self, target, name=None, released=None):
        self.target = target
        callbacks = Callbacks(struct_size=ctypes.sizeof(Callbacks), name=name)

        def read(dst, size, out):
            data = target.read(size)
            # What is too much is not copied, but told.
            ctypes.memmove(dst, data, min(len(data), size))
            out[0] = len(data)

        def read_at(offset, dst, size, out):
            data = target.read_at(offset, size)
            ctypes.memmove(dst, data, min(len(data), size))
            out[0] = len(data)

        def write(data, size, out):
            out[0] = target.write(ctypes.string_at(data, size))

        def seek(offset, whence, out):
            out[0] = target.seek(offset, whence)

        def tell(out):
            out[0] = target.tell()

        methods = {"read": (READ, read), "read_at": (READ_AT, read_at), "write": (READ, write), "seek": (SEEK, seek),
                   "tell": (GET, tell), "flush": (SIMPLE, lambda: target.flush()), "close": (SIMPLE, lambda: target.close())}
        for method, (kind, function) in methods.items():
            if hasattr(target, method):
                setattr(callbacks, method, kind(guarded(function)))
        key = PythonFile.next_key
        PythonFile.next_key += 1

        def release(user_data):
            PythonFile.alive.pop(user_data)
            if released is not None:
                released()

        callbacks.free_fn = FREE(release)
        super().__init__(handle("arrowio_callback_file_new", byref(callbacks), c_void_p(key)))
        PythonFile.alive[key] = callbacks


def run(cases):
    """Runs functions and says how many passed, as the programs in C do."""
    passed = failed = 0
    for case in cases:
        try:
            case()
            passed += 1
        except Exception:
            import traceback

            print(f"FAILED: {case.__name__}")
            traceback.print_exc()
            failed += 1
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(0 if passed and not failed else 1)
