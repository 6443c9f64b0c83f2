// The two libraries, each with its errors turned into exceptions so that the rows show nothing but the calls.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/result.h>
#include <arrowio.h>

#include <memory>

#include "run.h"

inline void check(const arrow::Status &status) {
    if (!status.ok()) throw std::runtime_error("Arrow: " + status.ToString());
}

template <class T>
T check(arrow::Result<T> result) {
    if (!result.ok()) check(result.status());
    return std::move(result).ValueUnsafe();
}

inline Bytes bytes(const arrow::Buffer &buffer) { return bytes(buffer.data(), buffer.size()); }

// The error is taken by reference: the call that sets it is an argument of this one.
inline void check(arrowio_status status, arrowio_error *&error) {
    if (status != ARROWIO_OK) throw std::runtime_error(std::string("libarrowio: ") + arrowio_error_message(error));
}

inline Bytes bytes(const arrowio_buffer *buffer) {
    return bytes(arrowio_buffer_data(buffer), arrowio_buffer_size(buffer));
}

template <auto release>
struct Release {
    template <class T>
    void operator()(T *handle) const {
        release(handle);
    }
};
using OurBuffer = std::unique_ptr<arrowio_buffer, Release<arrowio_buffer_release>>;
using OurFile = std::unique_ptr<arrowio_file, Release<arrowio_file_release>>;
using OurGuard = std::unique_ptr<arrowio_fault_guard, Release<arrowio_fault_guard_release>>;

// The same kWindow bytes for both sides.
const uint8_t *window_bytes();
std::shared_ptr<arrow::Buffer> arrow_window();
OurBuffer our_window();

// The file that both sides read, made when it is first asked for.
constexpr int64_t kFileSize = int64_t{256} << 20;
const std::string &data_path();

// A file of lines.
constexpr int64_t kTextSize = int64_t{500} << 20;
const std::string &text_path();

// What the codecs work on: lines of a log, columns of whole numbers and of prices, noise.
enum class Content { text, numbers, noise };
constexpr int64_t kContentSize = int64_t{128} << 20;
Bytes content(Content kind);
