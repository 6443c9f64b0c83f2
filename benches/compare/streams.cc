// Reading from and writing to memory.
#include "sides.h"

namespace {

constexpr int64_t kGrownSize = int64_t{1} << 30;

// Readers are used through the interface that a caller holds, not through the class.
std::shared_ptr<arrow::io::RandomAccessFile> arrow_reader() {
    return std::make_shared<arrow::io::BufferReader>(arrow_window());
}

OurFile our_reader() {
    OurBuffer buffer = our_window();
    arrowio_file *reader;
    arrowio_error *error;
    check(arrowio_buffer_reader_new(buffer.get(), &reader, &error), error);
    return OurFile(reader);
}

void rewind(arrow::io::RandomAccessFile &reader) { check(reader.Seek(0)); }

void rewind(arrowio_file *reader) {
    int64_t position;
    arrowio_error *error;
    check(arrowio_file_seek(reader, 0, ARROWIO_SEEK_START, &position, &error), error);
}

void arrow_read_word(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> reader = arrow_reader();
    uint64_t word;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        if (i % (kWindow / 8) == 0) rewind(*reader);
        require(check(reader->Read(8, &word)) == 8, "Arrow: short read");
        run.use([&] { return bytes(&word, 8); });
    }
    run.stop();
}

void our_read_word(Run &run) {
    OurFile reader = our_reader();
    arrowio_error *error;
    uint64_t word;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        if (i % (kWindow / 8) == 0) rewind(reader.get());
        int64_t read;
        check(arrowio_file_read(reader.get(), &word, 8, &read, &error), error);
        require(read == 8, "libarrowio: short read");
        run.use([&] { return bytes(&word, 8); });
    }
    run.stop();
}

void arrow_read_buffer(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> reader = arrow_reader();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        if (i % (kWindow / 64) == 0) rewind(*reader);
        std::shared_ptr<arrow::Buffer> buffer = check(reader->Read(64));
        run.use([&] { return bytes(*buffer); });
    }
    run.stop();
}

void our_read_buffer(Run &run) {
    OurFile reader = our_reader();
    arrowio_error *error;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        if (i % (kWindow / 64) == 0) rewind(reader.get());
        arrowio_buffer *buffer;
        check(arrowio_file_read_buffer(reader.get(), 64, &buffer, &error), error);
        run.use([&] { return bytes(buffer); });
        arrowio_buffer_release(buffer);
    }
    run.stop();
}

template <int64_t chunk>
void arrow_grow(Run &run) {
    const uint8_t *source = window_bytes();
    run.start();
    std::shared_ptr<arrow::io::BufferOutputStream> stream = check(arrow::io::BufferOutputStream::Create(4096));
    for (int64_t i = 0; i < run.count; i++) {
        check(stream->Write(source + (i * chunk) % kWindow, chunk));
    }
    std::shared_ptr<arrow::Buffer> grown = check(stream->Finish());
    run.stop();
    require(grown->size() == run.count * chunk, "Arrow's stream has the wrong size");
    run.use([&] { return bytes(*grown); });
    run.start();
    grown.reset();
    stream.reset();
    run.stop();
}

template <int64_t chunk>
void our_grow(Run &run) {
    const uint8_t *source = window_bytes();
    arrowio_error *error;
    run.start();
    arrowio_file *stream;
    check(arrowio_buffer_output_stream_new(nullptr, 4096, &stream, &error), error);
    for (int64_t i = 0; i < run.count; i++) {
        check(arrowio_file_write(stream, source + (i * chunk) % kWindow, chunk, &error), error);
    }
    arrowio_buffer *grown;
    check(arrowio_buffer_output_stream_finish(stream, &grown, &error), error);
    run.stop();
    require(arrowio_buffer_size(grown) == run.count * chunk, "libarrowio's stream has the wrong size");
    run.use([&] { return bytes(grown); });
    run.start();
    arrowio_buffer_release(grown);
    arrowio_file_release(stream);
    run.stop();
}

template <int64_t chunk>
Operation growth(const char *name) {
    return {name, arrow_grow<chunk>, our_grow<chunk>, 2, chunk, kGrownSize / chunk};
}

}  // namespace

std::vector<Operation> stream_operations() {
    return {
        {"buffer reader: read 8 B", arrow_read_word, our_read_word, 2},
        {"buffer reader: read 64 B as buffer", arrow_read_buffer, our_read_buffer, 3},
        growth<1 << 10>("output stream: 1 GiB by 1 KiB writes"),
        growth<64 << 10>("output stream: 1 GiB by 64 KiB writes"),
    };
}
