// What every row of the comparison is made of.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

// The rows on memory step through this many bytes, so that they measure the calls and not the cache misses.
constexpr int64_t kWindow = 64 << 10;

using Bytes = std::span<const uint8_t>;

inline Bytes bytes(const void *data, int64_t size) {
    return {static_cast<const uint8_t *>(data), static_cast<size_t>(size)};
}

inline void require(bool holds, const char *what) {
    if (!holds) throw std::runtime_error(what);
}

// Makes the compiler believe that somebody reads what the pointer leads to.
inline void keep(const void *pointer) {
    asm volatile("" : : "r"(pointer) : "memory");
}

// One execution of one side of a row: the side does its work `count` times between start() and stop(), everything
// before and after is not timed.
class Run {
public:
    const int64_t count;

    Run(int64_t count, bool verifying, clockid_t clock) : count(count), verifying_(verifying), clock_(clock) {}

    void start() { seconds_ -= now(); }
    void stop() { seconds_ += now(); }
    double seconds() const { return seconds_; }

    // Takes the bytes that an operation gave into the checksum that both sides must agree on. Only the verifying run
    // looks at them; the timed ones pay one predictable branch, the same on both sides.
    template <class View>
    void use(View view) {
        if (verifying_) [[unlikely]] {
            add(view());
        }
    }

    uint64_t checksum() const { return checksum_; }

    // What the work made takes so many bytes, which need not be as many on both sides: the report compares them.
    void made(int64_t size) { made_ = size; }
    int64_t made() const { return made_; }

private:
    double now() const {
        timespec time;
        clock_gettime(clock_, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    }

    void add(Bytes seen) {
        for (; seen.size() >= 8; seen = seen.subspan(8)) {
            uint64_t word;
            std::memcpy(&word, seen.data(), 8);
            mix(word);
        }
        for (uint8_t byte : seen) mix(byte);
        mix(seen.size());
    }
    void mix(uint64_t word) { checksum_ = (checksum_ ^ word) * 0x9e3779b97f4a7c15 + 1; }

    const bool verifying_;
    const clockid_t clock_;
    uint64_t checksum_ = 0;
    int64_t made_ = 0;
    double seconds_ = 0;
};

using Side = std::function<void(Run &)>;

struct Operation {
    std::string name;
    Side arrow;
    Side ours;
    double goal;        // of time(Arrow) / time(ours); 0: there is none
    int64_t bytes = 0;  // what one operation moves: the row shows GB/s; 0: it shows nanoseconds
    int64_t count = 0;  // operations in one round; 0: as many as take long enough to time
    // By default the time that the processors spent on this process: hardly anything here waits, and what else runs on the
    // machine does not count. CLOCK_MONOTONIC where threads are to gain something.
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    // One round for so many of the other rows: those that take seconds settle in fewer.
    int round_share = 1;
    // Of size(ours) / size(Arrow), where the work makes something.
    double largest_size = 1.02;
};

std::vector<Operation> buffer_operations();
std::vector<Operation> stream_operations();
std::vector<Operation> file_operations();
std::vector<Operation> line_operations();
std::vector<Operation> range_operations();
std::vector<Operation> codec_operations();
std::vector<Operation> block_operations();
