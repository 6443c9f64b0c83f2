// What the rows of the codecs are made of.
#pragma once

#include <arrow/util/compression.h>

#include <algorithm>
#include <memory>

#include "sides.h"

// A program takes what it reads and gives what it writes in pieces of this size.
constexpr int64_t kPiece = int64_t{1} << 20;

// One codec at work on one content.
struct Work {
    // As both libraries call it.
    std::string codec;
    // 0: there are none.
    int level;
    Content content;
    // Uncompressed.
    int64_t size = kContentSize;
    // Each frame holds so many bytes; 0: there is one.
    int64_t frame_size = 0;
    // Ours; Arrow has none.
    int threads = 0;

    Bytes bytes() const { return ::content(content).first(static_cast<size_t>(size)); }
    std::string name(const char *verb) const;
    auto operator<=>(const Work &) const = default;
};

inline std::unique_ptr<arrow::util::Codec> arrow_codec(const Work &work) {
    int level = work.level == 0 ? arrow::util::kUseDefaultCompressionLevel : work.level;
    return check(arrow::util::Codec::Create(check(arrow::util::Codec::GetCompressionType(work.codec)), level));
}

inline arrowio_codec our_codec(const Work &work) {
    arrowio_codec codec;
    arrowio_error *error;
    check(arrowio_codec_from_name(work.codec.c_str(), &codec, &error), error);
    return codec;
}

inline arrowio_compression_options our_compression(const Work &work) {
    arrowio_compression_options options = {};
    options.struct_size = sizeof options;
    options.compression_level = work.level;
    options.threads = work.threads;
    // Arrow's frames of these have none.
    options.without_checksum = work.codec == "zstd" || work.codec == "lz4";
    return options;
}

inline arrowio_decompression_options our_decompression(const Work &work) {
    arrowio_decompression_options options = {};
    options.struct_size = sizeof options;
    options.threads = work.threads;
    return options;
}

// Where both sides put a piece: the same pages, so that neither has the better placed memory.
inline uint8_t *destination() {
    alignas(4096) static uint8_t memory[kPiece];
    return memory;
}

using WorkFunction = void (*)(const Work &, Run &);

Operation operation(const Work &work, const char *verb, WorkFunction arrow, WorkFunction ours, double goal);
