// Many ranges of a file at once. Arrow reads them on the threads of its IO pool, we read them on the calling thread or, on
// request, on those of an executor as well.
#include <arrow/io/caching.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/future.h>

#include "sides.h"

namespace {

constexpr int64_t kRanges = 1000;

template <int64_t size>
int64_t range_offset(int64_t i) {
    return static_cast<int64_t>((static_cast<uint64_t>(i) + 1) * 6364136223846793005 >> 20) % (kFileSize / size) * size;
}

template <int64_t size>
void arrow_ranges(Run &run) {
    auto file = check(arrow::io::ReadableFile::Open(data_path()));
    std::vector<arrow::io::ReadRange> ranges;
    for (int64_t i = 0; i < kRanges; i++) ranges.push_back({range_offset<size>(i), size});
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        auto futures = file->ReadManyAsync(ranges);
        for (auto &future : futures) {
            std::shared_ptr<arrow::Buffer> buffer = check(future.result());
            run.use([&] { return bytes(*buffer); });
        }
    }
    run.stop();
}

template <int64_t size>
void our_ranges(Run &run, const arrowio_read_many_options *options) {
    arrowio_file *file;
    arrowio_error *error;
    check(arrowio_os_file_open(data_path().c_str(), ARROWIO_MODE_READ, nullptr, &file, &error), error);
    OurFile owner(file);
    std::vector<arrowio_range> ranges;
    for (int64_t i = 0; i < kRanges; i++) ranges.push_back({range_offset<size>(i), size});
    std::vector<arrowio_buffer *> buffers(kRanges);
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        check(arrowio_file_read_many(file, ranges.data(), kRanges, options, buffers.data(), &error), error);
        for (arrowio_buffer *buffer : buffers) {
            run.use([&] { return bytes(buffer); });
            arrowio_buffer_release(buffer);
        }
    }
    run.stop();
}

template <int64_t size>
void our_ranges_alone(Run &run) {
    our_ranges<size>(run, nullptr);
}

template <int64_t size>
void our_ranges_with_executor(Run &run) {
    arrowio_executor *executor;
    arrowio_error *error;
    check(arrowio_executor_new(1, &executor, &error), error);
    arrowio_read_many_options options = {};
    options.struct_size = sizeof options;
    options.executor = executor;
    our_ranges<size>(run, &options);
    arrowio_executor_release(executor);
}

// By processor time what threads cost counts and what they gain by running side by side does not; by the clock both.
template <int64_t size>
Operation alone(const char *name, double goal) {
    return {name, arrow_ranges<size>, our_ranges_alone<size>, goal, size * kRanges, 20};
}

template <int64_t size>
Operation by_the_clock(const char *name, double goal) {
    return {name, arrow_ranges<size>, our_ranges_with_executor<size>, goal, size * kRanges, 20, CLOCK_MONOTONIC};
}

}  // namespace

std::vector<Operation> range_operations() {
    return {
        alone<4 << 10>("read_many: 1000 x 4 KiB", 2.5),
        by_the_clock<4 << 10>("read_many: 1000 x 4 KiB, executor, by the clock", 2.5),
        alone<64 << 10>("read_many: 1000 x 64 KiB", 1.4),
        by_the_clock<64 << 10>("read_many: 1000 x 64 KiB, executor, by the clock", 1.4),
    };
}
