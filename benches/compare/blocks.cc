// Pieces of memory by one call each, with codecs that have no streams.
#include "codecs.h"

#include <map>

using arrow::util::Codec;

namespace {

using Memory = std::vector<uint8_t>;

// Pieces compressed one by one.
struct Pieces {
    Memory data;
    std::vector<int64_t> ends;
};

// What both sides decompress: Arrow compressed it.
const Pieces &pieces(const Work &work) {
    static std::map<Work, Pieces> all;
    Pieces &made = all[work];
    if (!made.ends.empty()) return made;
    std::unique_ptr<Codec> codec = arrow_codec(work);
    int64_t most = codec->MaxCompressedLen(kPiece, nullptr), end = 0;
    for (int64_t at = 0; at < work.size; at += kPiece) {
        made.data.resize(static_cast<size_t>(end + most));
        end += check(codec->Compress(kPiece, &work.bytes()[size_t(at)], most, &made.data[size_t(end)]));
        made.ends.push_back(end);
    }
    return made;
}

int64_t arrow_decompress(Codec &codec, Bytes piece, uint8_t *into) {
    return check(codec.Decompress(int64_t(piece.size()), piece.data(), kPiece, into));
}

int64_t our_decompress(arrowio_codec codec, Bytes piece, uint8_t *into) {
    int64_t size;
    arrowio_error *error;
    check(arrowio_codec_decompress(codec, piece.data(), int64_t(piece.size()), nullptr, into, kPiece, &size, nullptr,
                                   &error),
          error);
    return size;
}

template <class Decompress>
void decode(const Work &work, Run &run, Decompress decompress) {
    const Pieces &source = pieces(work);
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        int64_t at = 0;
        for (int64_t end : source.ends) {
            int64_t got = decompress(bytes(&source.data[size_t(at)], end - at), destination());
            run.use([&] { return bytes(destination(), got); });
            at = end;
        }
    }
    run.stop();
}

void arrow_decode(const Work &work, Run &run) {
    std::unique_ptr<Codec> codec = arrow_codec(work);
    decode(work, run, [&](Bytes piece, uint8_t *into) { return arrow_decompress(*codec, piece, into); });
}

void our_decode(const Work &work, Run &run) {
    arrowio_codec codec = our_codec(work);
    decode(work, run, [&](Bytes piece, uint8_t *into) { return our_decompress(codec, piece, into); });
}

// What one library compressed the other one reads: then the checksums of both sides are of the content.
template <class Compress, class Decompress>
void encode(const Work &work, Run &run, Compress compress, Decompress decompress) {
    // Whatever the codec, so much is enough.
    static uint8_t made[2 * kPiece];
    int64_t size = 0;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        for (int64_t at = 0; at < work.size; at += kPiece) {
            int64_t got = compress(&work.bytes()[size_t(at)], made, int64_t(sizeof made));
            run.use([&] { return bytes(destination(), decompress(bytes(made, got), destination())); });
            size += got;
        }
    }
    run.stop();
    run.made(size / run.count);
}

void arrow_encode(const Work &work, Run &run) {
    std::unique_ptr<Codec> codec = arrow_codec(work);
    auto compress = [&](const uint8_t *piece, uint8_t *into, int64_t room) {
        return check(codec->Compress(kPiece, piece, room, into));
    };
    auto decompress = [&](Bytes piece, uint8_t *into) { return our_decompress(our_codec(work), piece, into); };
    encode(work, run, compress, decompress);
}

void our_encode(const Work &work, Run &run) {
    arrowio_compression_options options = our_compression(work);
    arrowio_codec codec = our_codec(work);
    auto compress = [&](const uint8_t *piece, uint8_t *into, int64_t room) {
        int64_t size;
        arrowio_error *error;
        check(arrowio_codec_compress(codec, piece, kPiece, &options, into, room, &size, &error), error);
        return size;
    };
    auto decompress = [&](Bytes piece, uint8_t *into) { return arrow_decompress(*arrow_codec(work), piece, into); };
    encode(work, run, compress, decompress);
}

Operation decoding(const Work &work, double goal) { return operation(work, "decode", arrow_decode, our_decode, goal); }
Operation encoding(const Work &work, double goal) { return operation(work, "encode", arrow_encode, our_encode, goal); }

}  // namespace

std::vector<Operation> block_operations() {
    using enum Content;
    return {
        decoding({"snappy", 0, text}, 1.4),
        decoding({"snappy", 0, numbers}, 1.4),
        decoding({"snappy", 0, noise}, 0),
        encoding({"snappy", 0, text}, 0.9),
        encoding({"snappy", 0, numbers}, 0.9),
        encoding({"snappy", 0, noise}, 0),
        decoding({"lz4_raw", 1, text}, 0),
        decoding({"lz4_raw", 1, numbers}, 0),
        encoding({"lz4_raw", 1, text}, 0),
        encoding({"lz4_raw", 1, numbers}, 0),
    };
}
