// Files of the operating system, read and mapped. Their bytes are in the page cache.
#include <thread>

#include "sides.h"

namespace {

constexpr int64_t kPage = 4096;

std::shared_ptr<arrow::io::RandomAccessFile> arrow_file() {
    return check(arrow::io::ReadableFile::Open(data_path()));
}

OurFile our_file() {
    arrowio_file *file;
    arrowio_error *error;
    check(arrowio_os_file_open(data_path().c_str(), ARROWIO_MODE_READ, nullptr, &file, &error), error);
    return OurFile(file);
}

std::shared_ptr<arrow::io::RandomAccessFile> arrow_map() {
    return check(arrow::io::MemoryMappedFile::Open(data_path(), arrow::io::FileMode::READ));
}

OurFile our_map() {
    arrowio_file *map;
    arrowio_error *error;
    check(arrowio_memory_map_open(data_path().c_str(), ARROWIO_MODE_READ, 0, -1, &map, &error), error);
    return OurFile(map);
}

OurGuard our_guard() {
    arrowio_fault_guard *guard;
    arrowio_error *error;
    check(arrowio_fault_guard_new(&guard, &error), error);
    return OurGuard(guard);
}

// Where both sides read into: the same pages, so that neither has the better placed memory.
uint8_t *destination() {
    alignas(4096) static uint8_t memory[1 << 20];
    return memory;
}

template <int64_t size>
void arrow_read(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> file = arrow_file();
    uint8_t *into = destination();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        require(check(file->Read(size, into)) == size, "Arrow: short read");
        run.use([&] { return bytes(into, size); });
    }
    run.stop();
}

template <int64_t size>
void our_read(Run &run) {
    OurFile file = our_file();
    arrowio_error *error;
    uint8_t *into = destination();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        int64_t read;
        check(arrowio_file_read(file.get(), into, size, &read, &error), error);
        require(read == size, "libarrowio: short read");
        run.use([&] { return bytes(into, size); });
    }
    run.stop();
}

template <int64_t size>
void arrow_read_buffer(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> file = arrow_file();
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        std::shared_ptr<arrow::Buffer> buffer = check(file->Read(size));
        run.use([&] { return bytes(*buffer); });
    }
    run.stop();
}

template <int64_t size>
void our_read_buffer(Run &run) {
    OurFile file = our_file();
    arrowio_error *error;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        arrowio_buffer *buffer;
        check(arrowio_file_read_buffer(file.get(), size, &buffer, &error), error);
        run.use([&] { return bytes(buffer); });
        arrowio_buffer_release(buffer);
    }
    run.stop();
}

// Offsets that are multiples of `step` in an order that nothing foresees, the same for both sides.
template <int64_t step>
class RandomOffsets {
public:
    int64_t next() {
        state_ = state_ * 6364136223846793005 + 1442695040888963407;
        return static_cast<int64_t>(state_ >> 33) % (kFileSize / step) * step;
    }

private:
    uint64_t state_ = 1;
};

// Offsets that walk through a window at the beginning of the file, over and over.
template <int64_t step>
class NearOffsets {
public:
    int64_t next() { return (at_ += step) & (kWindow - step); }

private:
    int64_t at_ = 0;
};

// `count` pages at random places, by one call each, of a file that others read at the same time.
void arrow_random_pages(Run &run, arrow::io::RandomAccessFile *file, int64_t count) {
    RandomOffsets<kPage> offsets;
    alignas(kPage) uint8_t into[kPage];
    for (int64_t i = 0; i < count; i++) {
        require(check(file->ReadAt(offsets.next(), kPage, into)) == kPage, "Arrow: short read");
        run.use([&] { return bytes(into, kPage); });
    }
}

void our_random_pages(Run &run, arrowio_file *file, int64_t count) {
    arrowio_error *error;
    RandomOffsets<kPage> offsets;
    alignas(kPage) uint8_t into[kPage];
    for (int64_t i = 0; i < count; i++) {
        int64_t read;
        check(arrowio_file_read_at(file, offsets.next(), into, kPage, &read, &error), error);
        require(read == kPage, "libarrowio: short read");
        run.use([&] { return bytes(into, kPage); });
    }
}

void arrow_read_random(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> file = arrow_file();
    run.start();
    arrow_random_pages(run, file.get(), run.count);
    run.stop();
}

void our_read_random(Run &run) {
    OurFile file = our_file();
    run.start();
    our_random_pages(run, file.get(), run.count);
    run.stop();
}

// From 16 threads at once; only one of the threads is verified.
template <class Pages>
void on_threads(Run &run, Pages pages) {
    constexpr int kThreads = 16;
    Run quiet(run.count, false, CLOCK_PROCESS_CPUTIME_ID);
    std::vector<std::thread> others;
    run.start();
    for (int i = 1; i < kThreads; i++) others.emplace_back([&] { pages(quiet, run.count / kThreads); });
    pages(run, run.count / kThreads);
    for (std::thread &other : others) other.join();
    run.stop();
}

void arrow_read_random_threads(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> file = arrow_file();
    on_threads(run, [&](Run &mine, int64_t count) { arrow_random_pages(mine, file.get(), count); });
}

void our_read_random_threads(Run &run) {
    OurFile file = our_file();
    on_threads(run, [&](Run &mine, int64_t count) { our_random_pages(mine, file.get(), count); });
}

void arrow_map_buffer(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> map = arrow_map();
    NearOffsets<64> offsets;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        std::shared_ptr<arrow::Buffer> buffer = check(map->ReadAt(offsets.next(), 64));
        run.use([&] { return bytes(*buffer); });
    }
    run.stop();
}

void our_map_buffer(Run &run) {
    OurFile map = our_map();
    arrowio_error *error;
    NearOffsets<64> offsets;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        arrowio_buffer *buffer;
        check(arrowio_file_read_at_buffer(map.get(), offsets.next(), 64, &buffer, &error), error);
        run.use([&] { return bytes(buffer); });
        arrowio_buffer_release(buffer);
    }
    run.stop();
}

template <class Offsets>
void arrow_map_word(Run &run) {
    std::shared_ptr<arrow::io::RandomAccessFile> map = arrow_map();
    uint64_t word;
    // Page faults come before the clock runs.
    for (int64_t page = 0; page < kFileSize; page += kPage) check(map->ReadAt(page, 8, &word));
    Offsets offsets;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        require(check(map->ReadAt(offsets.next(), 8, &word)) == 8, "Arrow: short read");
        run.use([&] { return bytes(&word, 8); });
    }
    run.stop();
}

// With a guard the library reads mapped memory itself, without one it has the system read.
template <class Offsets, bool guarded>
void our_map_word(Run &run) {
    OurFile map = our_map();
    OurGuard guard = guarded ? our_guard() : nullptr;
    arrowio_error *error;
    int64_t read;
    uint64_t word;
    for (int64_t page = 0; page < kFileSize; page += kPage) {
        check(arrowio_file_read_at(map.get(), page, &word, 8, &read, &error), error);
    }
    Offsets offsets;
    run.start();
    for (int64_t i = 0; i < run.count; i++) {
        check(arrowio_file_read_at(map.get(), offsets.next(), &word, 8, &read, &error), error);
        require(read == 8, "libarrowio: short read");
        run.use([&] { return bytes(&word, 8); });
    }
    run.stop();
}

constexpr int64_t KiB = 1 << 10, MiB = 1 << 20;

template <int64_t size>
Operation reads(const char *name, double goal) {
    return {name, arrow_read<size>, our_read<size>, goal, size, kFileSize / size};
}

template <int64_t size>
Operation buffer_reads(const char *name, double goal) {
    return {name, arrow_read_buffer<size>, our_read_buffer<size>, goal, size, kFileSize / size};
}

template <class Offsets, bool guarded = true>
Operation map_words(const char *name, double goal, int64_t count) {
    return {name, arrow_map_word<Offsets>, our_map_word<Offsets, guarded>, goal, 0, count};
}

}  // namespace

std::vector<Operation> file_operations() {
    return {
        {"memory map: read 64 B as buffer", arrow_map_buffer, our_map_buffer, 25},
        // So many that their cache lines have been replaced before the other side asks for the same ones.
        map_words<RandomOffsets<8>>("memory map: random read_at 8 B", 2.5, 2 * MiB),
        map_words<NearOffsets<8>>("memory map: read_at 8 B in cache", 0, 0),
        map_words<NearOffsets<8>, false>("memory map: read_at 8 B, no guard", 0, 0),
        reads<64 * KiB>("OS file: read 64 KiB", 0.98),
        reads<1 * MiB>("OS file: read 1 MiB", 0.98),
        buffer_reads<4 * KiB>("OS file: read 4 KiB as buffer", 1.1),
        buffer_reads<64 * KiB>("OS file: read 64 KiB as buffer", 0),
        {"OS file: random read_at 4 KiB", arrow_read_random, our_read_random, 0},
        {"OS file: random read_at 4 KiB, 16 threads", arrow_read_random_threads, our_read_random_threads, 0},
    };
}
