// Buffers and pools.
#include <thread>

#include "sides.h"

namespace {

// Fresh memory: aligned, and writable from end to end. The bytes returned are the same on both sides.
Bytes written_to(uint8_t *data, int64_t size) {
    require(reinterpret_cast<uintptr_t>(data) % 64 == 0, "memory is not aligned to 64 bytes");
    data[0] = 1;
    data[size - 1] = 2;
    return bytes(data + size - 1, 1);
}

int64_t window_offset(int64_t i) { return (i * 64) & (kWindow - 64); }

void arrow_slice(Run &run) {
    std::shared_ptr<arrow::Buffer> buffer = arrow_window();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        std::shared_ptr<arrow::Buffer> slice = arrow::SliceBuffer(buffer, window_offset(i), 64);
        keep(slice.get());
        run.use([&] { return bytes(*slice); });
    }
    run.stop();
}

void our_slice(Run &run) {
    OurBuffer buffer = our_window();
    arrowio_error *error;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        arrowio_buffer *slice;
        check(arrowio_buffer_slice(buffer.get(), window_offset(i), 64, &slice, &error), error);
        run.use([&] { return bytes(slice); });
        arrowio_buffer_release(slice);
    }
    run.stop();
}

void arrow_retain(Run &run) {
    std::shared_ptr<arrow::Buffer> buffer = arrow_window();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        std::shared_ptr<arrow::Buffer> copy = buffer;
        keep(copy.get());
    }
    run.stop();
    run.use([&] { return bytes(*buffer); });
}

void our_retain(Run &run) {
    OurBuffer buffer = our_window();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        arrowio_buffer *copy = arrowio_buffer_retain(buffer.get());
        keep(copy);
        arrowio_buffer_release(copy);
    }
    run.stop();
    run.use([&] { return bytes(buffer.get()); });
}

// A small buffer that stays alive while others come and go, as in every program that keeps buffers: an allocator gives a
// page up with the last block on it, and would be timed doing that again and again.
std::unique_ptr<arrow::Buffer> arrow_neighbour() { return check(arrow::AllocateBuffer(64)); }

OurBuffer our_neighbour() {
    arrowio_error *error;
    arrowio_buffer *buffer;
    check(arrowio_buffer_allocate(nullptr, 64, &buffer, &error), error);
    return OurBuffer(buffer);
}

void arrow_allocate_buffer(Run &run) {
    std::unique_ptr<arrow::Buffer> neighbour = arrow_neighbour();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        std::unique_ptr<arrow::Buffer> buffer = check(arrow::AllocateBuffer(64));
        run.use([&] { return written_to(buffer->mutable_data(), buffer->size()); });
    }
    run.stop();
}

void our_allocate_buffer(Run &run) {
    OurBuffer neighbour = our_neighbour();
    arrowio_error *error;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        arrowio_buffer *buffer;
        check(arrowio_buffer_allocate(nullptr, 64, &buffer, &error), error);
        run.use([&] { return written_to(arrowio_buffer_mutable_data(buffer), arrowio_buffer_size(buffer)); });
        arrowio_buffer_release(buffer);
    }
    run.stop();
}

template <int64_t size, class Use>
void arrow_cycle(int64_t count, Use use) {
    arrow::MemoryPool *pool = arrow::default_memory_pool();
    for (int64_t i = 0; i < count; i++) {
        uint8_t *data;
        check(pool->Allocate(size, &data));
        use(data);
        pool->Free(data, size);
    }
}

template <int64_t size, class Use>
void our_cycle(int64_t count, Use use) {
    arrowio_pool *pool = arrowio_pool_default();
    arrowio_error *error;
    for (int64_t i = 0; i < count; i++) {
        uint8_t *data;
        check(arrowio_pool_allocate(pool, size, 64, &data, &error), error);
        use(data);
        arrowio_pool_free(pool, data, size, 64);
    }
}

template <int64_t size>
void arrow_pool(Run &run) {
    std::unique_ptr<arrow::Buffer> neighbour = arrow_neighbour();
    run.start();
    arrow_cycle<size>(run.count, [&](uint8_t *data) { run.use([&] { return written_to(data, size); }); });
    run.stop();
}

template <int64_t size>
void our_pool(Run &run) {
    OurBuffer neighbour = our_neighbour();
    run.start();
    our_cycle<size>(run.count, [&](uint8_t *data) { run.use([&] { return written_to(data, size); }); });
    run.stop();
}

// Half of the operations on each of two threads at once. The time is that of both together.
template <class Cycle>
void on_two_threads(Run &run, Cycle cycle) {
    run.start();
    std::thread other(cycle, run.count / 2);
    cycle(run.count / 2);
    other.join();
    run.stop();
}

void arrow_pool_two_threads(Run &run) {
    arrow::MemoryPool *pool = arrow::default_memory_pool();
    int64_t before = pool->bytes_allocated();
    on_two_threads(run, [](int64_t count) { arrow_cycle<64>(count, keep); });
    require(pool->bytes_allocated() == before, "Arrow's pool lost count");
}

void our_pool_two_threads(Run &run) {
    arrowio_pool *pool = arrowio_pool_default();
    int64_t before = arrowio_pool_bytes_allocated(pool);
    on_two_threads(run, [](int64_t count) { our_cycle<64>(count, keep); });
    require(arrowio_pool_bytes_allocated(pool) == before, "libarrowio's pool lost count");
}

}  // namespace

std::vector<Operation> buffer_operations() {
    return {
        {"slice of a buffer + release", arrow_slice, our_slice, 2},
        {"retain + release of a buffer", arrow_retain, our_retain, 1.7},
        {"allocate a 64 B buffer + release", arrow_allocate_buffer, our_allocate_buffer, 2},
        {"pool allocate + free, 64 B", arrow_pool<64>, our_pool<64>, 1.3},
        {"pool allocate + free, 64 B, 2 threads", arrow_pool_two_threads, our_pool_two_threads, 0},
        {"pool allocate + free, 1 MiB", arrow_pool<1 << 20>, our_pool<1 << 20>, 4},
    };
}
