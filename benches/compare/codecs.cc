// Compressed streams.
#include "codecs.h"

#include <arrow/io/compressed.h>

#include <map>

using arrow::util::Codec;

namespace {

constexpr int64_t MiB = int64_t{1} << 20;

using Memory = std::vector<uint8_t>;

std::shared_ptr<arrow::io::InputStream> arrow_input(Codec &codec, Bytes source) {
    auto buffer = std::make_shared<arrow::Buffer>(source.data(), static_cast<int64_t>(source.size()));
    return check(arrow::io::CompressedInputStream::Make(&codec, std::make_shared<arrow::io::BufferReader>(buffer)));
}

OurFile our_input(const Work &work, Bytes source) {
    arrowio_decompression_options options = our_decompression(work);
    arrowio_buffer *buffer;
    arrowio_file *raw, *file;
    arrowio_error *error;
    check(arrowio_buffer_wrap(source.data(), int64_t(source.size()), nullptr, nullptr, &buffer, &error), error);
    OurBuffer held_buffer(buffer);
    check(arrowio_buffer_reader_new(buffer, &raw, &error), error);
    OurFile held_raw(raw);
    check(arrowio_compressed_input_stream_new(raw, our_codec(work), &options, &file, &error), error);
    return OurFile(file);
}

std::shared_ptr<arrow::Buffer> arrow_compressed(Codec &codec, Bytes source) {
    auto raw = check(arrow::io::BufferOutputStream::Create(int64_t(source.size()) + MiB));
    auto file = check(arrow::io::CompressedOutputStream::Make(&codec, raw));
    for (; !source.empty(); source = source.subspan(std::min(source.size(), size_t(kPiece)))) {
        check(file->Write(source.data(), std::min(int64_t(source.size()), kPiece)));
    }
    check(file->Close());
    return check(raw->Finish());
}

OurBuffer our_compressed(const Work &work, Bytes source) {
    arrowio_compression_options options = our_compression(work);
    arrowio_file *raw, *file;
    arrowio_buffer *made;
    arrowio_error *error;
    check(arrowio_buffer_output_stream_new(nullptr, int64_t(source.size()) + MiB, &raw, &error), error);
    OurFile held_raw(raw);
    check(arrowio_compressed_output_stream_new(raw, our_codec(work), &options, &file, &error), error);
    OurFile held(file);
    for (; !source.empty(); source = source.subspan(std::min(source.size(), size_t(kPiece)))) {
        check(arrowio_file_write(file, source.data(), std::min(int64_t(source.size()), kPiece), &error), error);
    }
    check(arrowio_file_close(file, &error), error);
    check(arrowio_buffer_output_stream_finish(raw, &made, &error), error);
    return OurBuffer(made);
}

// What both sides read: Arrow wrote it.
const Memory &packed(const Work &work) {
    static std::map<Work, Memory> all;
    Memory &made = all[work];
    if (!made.empty()) return made;
    std::unique_ptr<Codec> codec = arrow_codec(work);
    size_t frame_size = static_cast<size_t>(work.frame_size == 0 ? work.size : work.frame_size);
    for (Bytes left = work.bytes(); !left.empty();) {
        Bytes frame = left.first(std::min(left.size(), frame_size));
        std::shared_ptr<arrow::Buffer> compressed = arrow_compressed(*codec, frame);
        made.insert(made.end(), compressed->data(), compressed->data() + compressed->size());
        left = left.subspan(frame.size());
    }
    return made;
}

void arrow_decode(const Work &work, Run &run) {
    const Memory &source = packed(work);
    std::unique_ptr<Codec> codec = arrow_codec(work);
    for (int64_t i = 0; i < run.count; i++) {
        run.start();
        std::shared_ptr<arrow::io::InputStream> file = arrow_input(*codec, source);
        int64_t done = 0;
        for (int64_t got; (got = check(file->Read(kPiece, destination()))) > 0; done += got) {
            run.use([&] { return bytes(destination(), got); });
        }
        check(file->Close());
        run.stop();
        require(done == work.size, "Arrow read a wrong size");
    }
}

void our_decode(const Work &work, Run &run) {
    const Memory &source = packed(work);
    for (int64_t i = 0; i < run.count; i++) {
        run.start();
        OurFile file = our_input(work, source);
        arrowio_error *error;
        int64_t done = 0;
        for (int64_t got;; done += got) {
            check(arrowio_file_read(file.get(), destination(), kPiece, &got, &error), error);
            if (got == 0) break;
            run.use([&] { return bytes(destination(), got); });
        }
        check(arrowio_file_close(file.get(), &error), error);
        run.stop();
        require(done == work.size, "libarrowio read a wrong size");
    }
}

// What one library compressed the other one reads: then the checksums of both sides are of the content.
void arrow_encode(const Work &work, Run &run) {
    std::unique_ptr<Codec> codec = arrow_codec(work);
    for (int64_t i = 0; i < run.count; i++) {
        run.start();
        std::shared_ptr<arrow::Buffer> made = arrow_compressed(*codec, work.bytes());
        run.stop();
        run.made(made->size());
        run.use([&] {
            static OurBuffer content;
            arrowio_buffer *all;
            arrowio_error *error;
            check(arrowio_file_read_all(our_input(work, bytes(*made)).get(), &all, &error), error);
            content.reset(all);
            return bytes(all);
        });
    }
}

void our_encode(const Work &work, Run &run) {
    for (int64_t i = 0; i < run.count; i++) {
        run.start();
        OurBuffer made = our_compressed(work, work.bytes());
        run.stop();
        run.made(bytes(made.get()).size());
        run.use([&] {
            static std::shared_ptr<arrow::Buffer> content;
            std::unique_ptr<Codec> codec = arrow_codec(work);
            content = check(arrow_input(*codec, bytes(made.get()))->Read(work.size + 1));
            return bytes(*content);
        });
    }
}

Operation decoding(const Work &work, double goal) { return operation(work, "decode", arrow_decode, our_decode, goal); }

Operation encoding(const Work &work, double goal, double largest_size = 1.02) {
    Operation made = operation(work, "encode", arrow_encode, our_encode, goal);
    made.largest_size = largest_size;
    return made;
}

}  // namespace

std::vector<Operation> codec_operations() {
    using enum Content;
    return {
        decoding({"gzip", 6, text}, 2.0),
        decoding({"gzip", 6, numbers}, 1.5),
        decoding({"gzip", 6, noise}, 3.0),
        decoding({"gzip", 6, text, kContentSize, 1 * MiB, 2}, 4.0),
        decoding({"gzip", 6, numbers, kContentSize, 1 * MiB, 2}, 2.8),
        encoding({"gzip", 1, text, 32 * MiB}, 2.0, 1.0),
        encoding({"gzip", 1, numbers, 32 * MiB}, 2.0, 1.0),
        encoding({"gzip", 6, text, 32 * MiB}, 1.7),
        encoding({"gzip", 6, numbers, 32 * MiB}, 2.5),
        encoding({"gzip", 6, noise, 32 * MiB}, 0),
        encoding({"gzip", 6, text, 32 * MiB, 0, 2}, 2.8),
        encoding({"gzip", 6, numbers, 32 * MiB, 0, 2}, 2.8),
        encoding({"gzip", 9, text, 8 * MiB}, 0),
        decoding({"zstd", 3, text}, 0.98),
        decoding({"zstd", 3, numbers}, 0.98),
        decoding({"zstd", 3, noise}, 3.0),
        decoding({"zstd", 3, text, kContentSize, 4 * MiB, 2}, 1.7),
        decoding({"zstd", 3, numbers, kContentSize, 4 * MiB, 2}, 1.7),
        encoding({"zstd", 1, text, 32 * MiB}, 0.98),
        encoding({"zstd", 1, numbers, 32 * MiB}, 0.98),
        encoding({"zstd", 3, text, 32 * MiB}, 0.98),
        encoding({"zstd", 3, noise, 32 * MiB}, 0.98),
        encoding({"zstd", 3, text, 128 * MiB, 0, 2}, 1.5),
        encoding({"zstd", 3, numbers, 128 * MiB, 0, 2}, 1.5),
        decoding({"lz4", 1, text}, 1.1),
        decoding({"lz4", 1, numbers}, 1.1),
        decoding({"lz4", 1, noise}, 1.1),
        encoding({"lz4", 1, text}, 1.0),
        encoding({"lz4", 1, numbers}, 1.0),
        encoding({"lz4", 1, noise}, 1.0),
        decoding({"bz2", 9, text, 32 * MiB}, 0.97),
        decoding({"bz2", 9, numbers, 32 * MiB}, 0.97),
        decoding({"bz2", 9, text, 32 * MiB, 0, 2}, 1.6),
        encoding({"bz2", 9, text, 8 * MiB}, 0.97),
        encoding({"bz2", 9, numbers, 8 * MiB}, 0.97),
        encoding({"bz2", 9, text, 32 * MiB, 0, 2}, 1.6),
        decoding({"brotli", 5, text}, 1.15),
        decoding({"brotli", 5, numbers}, 1.15),
        encoding({"brotli", 1, text, 32 * MiB}, 1.0),
        encoding({"brotli", 1, numbers, 32 * MiB}, 1.0),
        encoding({"brotli", 8, text, 8 * MiB}, 1.0),
    };
}
