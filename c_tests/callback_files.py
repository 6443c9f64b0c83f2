"""Files whose work Python does: exceptions, threads and the end of the interpreter, under its global lock."""

import errno
import gc
import io
import random
import subprocess
import sys
import threading

from arrowio import CURRENT, END, Failure, PythonFile, run

CONTENT = random.Random(5).randbytes(100_000)


def close_and_release(file):
    file.close()
    file.release()


def a_bytes_io_is_a_file():
    target = io.BytesIO(CONTENT)
    file = PythonFile(target, b"some bytes")
    assert file.size() == len(CONTENT) and file.tell() == 0
    assert file.read(1000) == CONTENT[:1000] and file.tell() == 1000
    assert file.read_at(50_000, 100) == CONTENT[50_000:50_100] and file.tell() == 1000
    assert file.seek(-10, END) == len(CONTENT) - 10 and file.read(100) == CONTENT[-10:]
    assert file.read(1) == b"" and file.seek(-20, CURRENT) == len(CONTENT) - 20
    assert file.seek(0) == 0 and file.read_all() == CONTENT
    file.write(b"and more")
    assert target.getvalue() == CONTENT + b"and more"
    file.seek(5)
    file.write(b"within")
    assert file.read(5) == CONTENT[11:16]
    for offset in -1, -(1 << 40):
        try:
            file.seek(offset)
            raise AssertionError("a position before the start")
        except Failure as failure:
            assert failure.status == "INVALID"
    assert file.tell() == 16
    close_and_release(file)
    assert target.closed


def short_reads_and_writes():
    class Short(io.BytesIO):
        def read(self, size):
            return super().read(min(size, 7))

        def write(self, data):
            return super().write(data[:11])

    target = Short(CONTENT)
    file = PythonFile(target)
    assert file.read(1000) == CONTENT[:1000]
    file.write(CONTENT[:100])
    assert target.getvalue() == CONTENT[:1000] + CONTENT[:100] + CONTENT[1100:]
    close_and_release(file)


def what_is_raised_is_said():
    class Raises(io.BytesIO):
        def read(self, size):
            raise OSError(errno.EREMOTEIO, "das Gerät ist fort")

        def write(self, data):
            raise ValueError("not\nthis")

        def close(self):
            raise KeyboardInterrupt("stop")

    file = PythonFile(Raises(), b"some bytes")
    for call, parts, number in [
        (lambda: file.read(10), ["some bytes", "read callback", "OSError", "das Gerät ist fort"], errno.EREMOTEIO),
        (lambda: file.write(b"123"), ["some bytes", "write of 3 bytes", "write callback", "ValueError: not\\nthis"], 0),
        (file.close, ["some bytes", "close callback", "KeyboardInterrupt: stop"], 0),
        (file.close, ["some bytes", "close callback", "KeyboardInterrupt: stop"], 0),
    ]:
        try:
            call()
            raise AssertionError("it did not fail")
        except Failure as failure:
            assert all(part in str(failure) for part in parts), failure
            assert failure.status == "IO_ERROR" and failure.os_error == number
    file.release()


def too_much_is_refused():
    class Generous(io.BytesIO):
        def read(self, size):
            return b"x" * (size + 1)

        def write(self, data):
            return len(data) + 1

    file = PythonFile(Generous(CONTENT))
    for call in lambda: file.read(10), lambda: file.write(b"1" * 10):
        try:
            call()
            raise AssertionError("it did not fail")
        except Failure as failure:
            assert "10 bytes" in str(failure) and "moved 11" in str(failure), failure
    close_and_release(file)


def on_threads(count, work):
    wrong = []

    def guarded(index):
        try:
            work(index)
        except BaseException as exception:
            wrong.append(exception)

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


def eight_threads_read_at_once():
    meeting = threading.Barrier(8, timeout=300)

    class Target:
        def read(self, size):
            raise AssertionError("nobody reads on")

        def read_at(self, offset, size):
            meeting.wait()
            return CONTENT[offset : offset + size]

    file = PythonFile(Target())

    def work(index):
        for offset in range(index * 1000, index * 1000 + 20):
            assert file.read_at(offset, 500) == CONTENT[offset : offset + 500]

    on_threads(8, work)
    close_and_release(file)


def eight_threads_read_by_seeking():
    file = PythonFile(io.BytesIO(CONTENT))

    def work(index):
        chosen = random.Random(index)
        for _ in range(100):
            offset, size = chosen.randrange(len(CONTENT)), chosen.randrange(1, 3000)
            assert file.read_at(offset, size) == CONTENT[offset : offset + size]
            if index == 0:
                at = file.tell()
                assert file.read(100) == CONTENT[at : at + 100]

    on_threads(8, work)
    assert file.tell() == 100 * 100
    close_and_release(file)


def closing_waits_for_reads():
    inside, go_on = threading.Event(), threading.Event()

    class Target:
        closed = False

        def read(self, size):
            return b""

        def read_at(self, offset, size):
            inside.set()
            assert go_on.wait(300) and not self.closed
            return b"x" * size

        def close(self):
            self.closed = True

    target = Target()
    file = PythonFile(target)

    def work(index):
        if index == 0:
            assert file.read_at(0, 10) == b"x" * 10
        elif index == 1:
            assert inside.wait(300)
            file.close()
        else:
            assert inside.wait(300)
            go_on.set()

    on_threads(3, work)
    assert target.closed
    file.release()


def coming_back_is_refused():
    class Target(io.BytesIO):
        said = []

        def read(self, size):
            for call in file.tell, file.close, lambda: file.read(1), lambda: file.read_at(0, 1):
                try:
                    call()
                except Failure as failure:
                    self.said.append(failure.status)
            return super().read(size)

    target = Target(CONTENT)
    file = PythonFile(target)
    assert file.read(10) == CONTENT[:10]
    assert target.said == ["INVALID"] * 4
    close_and_release(file)


def released_once():
    count = []
    before = len(PythonFile.alive)
    files = [PythonFile(io.BytesIO(CONTENT), released=lambda: count.append(1)) for _ in range(10)]
    assert len(PythonFile.alive) == before + 10
    for file in files:
        # Not closed: the last release does it.
        file.release()
    assert len(count) == 10 and len(PythonFile.alive) == before
    assert all(file.target.closed for file in files)


def no_file_means_no_release():
    count = []
    try:
        PythonFile(object(), released=lambda: count.append(1))
        raise AssertionError("it cannot do anything")
    except Failure as failure:
        assert "a read or a write callback" in str(failure)
    gc.collect()
    assert not count


def at_exit(program):
    """What a program of its own says until its interpreter has gone."""
    done = subprocess.run([sys.executable, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done
    return done.stdout


def released_when_the_interpreter_ends():
    said = at_exit(
        """if True:
        import atexit, io
        from arrowio import PythonFile
        class Target(io.BytesIO):
            def close(self):
                if not self.closed:
                    print("closed with", self.getvalue())
                super().close()
        file = PythonFile(Target(), released=lambda: print("released"))
        file.write(b"12")
        atexit.register(file.release)
        """
    )
    assert said == "closed with b'12'\nreleased\n", said


def left_open_when_the_interpreter_ends():
    said = at_exit(
        """if True:
        import io
        from arrowio import PythonFile
        files = [PythonFile(io.BytesIO()) for _ in range(10)]
        files[0].write(b"12")
        print("done")
        """
    )
    assert said == "done\n", said


def a_thread_inside_when_the_interpreter_ends():
    said = at_exit(
        """if True:
        import os, threading
        from arrowio import PythonFile
        ends = os.pipe()
        inside = threading.Event()
        class Target:
            def read(self, size):
                inside.set()
                return os.read(ends[0], size)
        file = PythonFile(Target())
        threading.Thread(target=lambda: file.read(1), daemon=True).start()
        assert inside.wait(100)
        print("done")
        """
    )
    assert said == "done\n", said


run([
    a_bytes_io_is_a_file, short_reads_and_writes, what_is_raised_is_said, too_much_is_refused,
    eight_threads_read_at_once, eight_threads_read_by_seeking, closing_waits_for_reads, coming_back_is_refused,
    released_once, no_file_means_no_release, released_when_the_interpreter_ends, left_open_when_the_interpreter_ends,
    a_thread_inside_when_the_interpreter_ends,
])
