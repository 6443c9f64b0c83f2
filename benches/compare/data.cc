// The bytes that the rows work on.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "report.h"
#include "sides.h"

namespace fs = std::filesystem;

static std::vector<uint8_t> pseudo_random(int64_t size) {
    std::vector<uint8_t> data(static_cast<size_t>(size));
    uint64_t state = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < data.size(); i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        std::memcpy(&data[i], &state, 8);
    }
    return data;
}

// Lines of 100 to 230 bytes.
static std::vector<uint8_t> pseudo_text(int64_t size) {
    std::vector<uint8_t> data(static_cast<size_t>(size));
    uint32_t state = 1;
    for (size_t at = 0, left = 0; at < data.size(); at++, left--) {
        if (left == 0) left = 100 + ((state = state * 1664525 + 1013904223) >> 8) % 130;
        data[at] = static_cast<uint8_t>(left == 1 ? '\n' : 'a' + at % 26);
    }
    return data;
}

namespace {

class Random {
public:
    uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        return state_ ^= state_ << 17;
    }
    uint64_t below(uint64_t limit) { return (next() >> 11) % limit; }
    // Small numbers far more often than large ones, as with words.
    uint64_t skewed(uint64_t limit) {
        double unit = static_cast<double>(next() >> 11) * 0x1p-53;
        return static_cast<uint64_t>(std::pow(static_cast<double>(limit), unit)) - 1;
    }

private:
    uint64_t state_ = 0x2545f4914f6cdd1d;
};

std::vector<std::string> vocabulary(Random &random) {
    std::vector<std::string> words(2000);
    for (std::string &word : words) {
        for (uint64_t syllables = 1 + random.below(4); syllables > 0; syllables--) {
            word += "bcdfghklmnprstvw"[random.below(16)];
            word += "aeiou"[random.below(5)];
            if (random.below(3) == 0) word += "nrst"[random.below(4)];
        }
    }
    return words;
}

// The lines of a log: a time, a level, where, words, and numbers that say little.
std::vector<uint8_t> log_lines(int64_t size) {
    Random random;
    std::vector<std::string> words = vocabulary(random);
    const char *const levels[] = {"INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"};
    std::vector<uint8_t> data;
    data.reserve(static_cast<size_t>(size) + 1000);
    for (uint64_t time = 0; data.size() < static_cast<size_t>(size);) {
        time += random.below(40);
        unsigned long long seconds = time / 1000, milliseconds = time % 1000;
        std::string line = format("2024-03-%02llu %02llu:%02llu:%02llu.%03llu %s [%s-%d] ", 1 + seconds / 86400,
                                  seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, milliseconds,
                                  levels[random.below(7)], words[random.skewed(50)].c_str(), int(random.below(8)));
        for (uint64_t left = 4 + random.below(12); left > 0; left--) line += words[random.skewed(2000)] + ' ';
        line += format("id=%08x took=%dus\n", unsigned(random.next() >> 32), int(random.skewed(1'000'000)));
        data.insert(data.end(), line.begin(), line.end());
    }
    data.resize(static_cast<size_t>(size));
    return data;
}

// Pages of 64 Ki int64_t that wander about, and of as many prices.
std::vector<uint8_t> columns(int64_t size) {
    constexpr size_t kRows = 64 << 10;
    Random random;
    std::vector<uint8_t> data(static_cast<size_t>(size));
    int64_t number = 1'000'000'000, cents = 12'345;
    for (size_t row = 0; row < data.size() / 8; row++) {
        uint64_t value = static_cast<uint64_t>(number += static_cast<int64_t>(random.below(101)) - 50);
        if (row / kRows % 2 == 1) {
            cents = std::max<int64_t>(1, cents + static_cast<int64_t>(random.below(101)) - 50);
            value = std::bit_cast<uint64_t>(static_cast<double>(cents) / 100);
        }
        std::memcpy(&data[row * 8], &value, 8);
    }
    return data;
}

}  // namespace

Bytes content(Content kind) {
    static const std::vector<uint8_t> text = log_lines(kContentSize), numbers = columns(kContentSize);
    static const std::vector<uint8_t> noise = pseudo_random(kContentSize);
    return kind == Content::text ? text : kind == Content::numbers ? numbers : noise;
}

const uint8_t *window_bytes() {
    static const std::vector<uint8_t> window = pseudo_random(kWindow);
    return window.data();
}

std::shared_ptr<arrow::Buffer> arrow_window() {
    std::shared_ptr<arrow::Buffer> buffer = check(arrow::AllocateBuffer(kWindow));
    std::memcpy(buffer->mutable_data(), window_bytes(), kWindow);
    return buffer;
}

OurBuffer our_window() {
    arrowio_buffer *buffer;
    arrowio_error *error;
    check(arrowio_buffer_copy_bytes(nullptr, window_bytes(), kWindow, &buffer, &error), error);
    return OurBuffer(buffer);
}

namespace {

// A file in a directory of its own, on disk and in the page cache; gone with this object.
class DataFile {
public:
    explicit DataFile(const std::vector<uint8_t> &data) {
        std::string pattern = (fs::temp_directory_path() / "arrowio-compare-XXXXXX").string();
        require(mkdtemp(pattern.data()) != nullptr, "cannot make a temporary directory");
        directory_ = pattern;
        path_ = (directory_ / "data").string();
        if (!write(data)) {
            fs::remove_all(directory_);
            throw std::runtime_error("cannot write " + path_);
        }
    }
    ~DataFile() { fs::remove_all(directory_); }
    DataFile(const DataFile &) = delete;

    const std::string &path() const { return path_; }

private:
    bool write(const std::vector<uint8_t> &data) {
        FILE *file = std::fopen(path_.c_str(), "wb");
        if (file == nullptr) return false;
        bool written = std::fwrite(data.data(), 1, data.size(), file) == data.size() && std::fflush(file) == 0;
        // Written back now, not in the middle of a row.
        written = written && fdatasync(fileno(file)) == 0;
        return std::fclose(file) == 0 && written;
    }

    fs::path directory_;
    std::string path_;
};

}  // namespace

const std::string &data_path() {
    static const DataFile file(pseudo_random(kFileSize));
    return file.path();
}

const std::string &text_path() {
    static const DataFile file(pseudo_text(kTextSize));
    return file.path();
}
