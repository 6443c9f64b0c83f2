// The bytes that the rows work on.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

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
