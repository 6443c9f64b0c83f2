// Compares libarrowio with Arrow C++: compare [--rounds N] [--count N] [FILTER]
//
// Every row is the same work done by both libraries in this process, in rounds that alternate between the two, after
// a run in which both must give the same bytes. README.md in the folder above says how to read the table.
#include <arrow/config.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "footprint.h"
#include "report.h"
#include "sides.h"

// Enough for every row to pass the end of its window, where it has one.
constexpr int64_t kVerifiedCount = 20'000;
// What the faster side of a row must take at least for the clock and a passing interrupt not to matter.
constexpr double kShortestRun = 0.010;

static double seconds_of(const Operation &operation, const Side &side, int64_t count) {
    Run run(count, false, operation.clock);
    side(run);
    return run.seconds();
}

struct Sizes {
    int64_t arrow, ours;
};

// What both sides made takes these sizes; 0: they made nothing.
static Sizes verify(const Operation &operation, int64_t count) {
    Run arrow(count, true, operation.clock), ours(count, true, operation.clock);
    operation.arrow(arrow);
    operation.ours(ours);
    require(arrow.checksum() == ours.checksum(), "the two libraries gave different bytes");
    return {arrow.made(), ours.made()};
}

static void report_sizes(Report &report, const Operation &operation, Sizes sizes) {
    auto show = [](int64_t size) { return format("%lld B", static_cast<long long>(size)); };
    double ratio = static_cast<double>(sizes.ours) / static_cast<double>(sizes.arrow);
    report.print(operation.name + ", size", show(sizes.arrow), show(sizes.ours), format("%.3f", ratio),
                 format("<= %g", operation.largest_size), ratio <= operation.largest_size);
}

// How often a round repeats an operation for both sides to run long enough.
static int64_t calibrate(const Operation &operation) {
    int64_t count = kVerifiedCount;
    for (;;) {
        double shorter = std::min(seconds_of(operation, operation.arrow, count), seconds_of(operation, operation.ours, count));
        if (shorter >= kShortestRun) return count;
        count = static_cast<int64_t>(static_cast<double>(count) * std::min(10.0, 1.3 * kShortestRun / shorter)) + 1;
    }
}

static void report_operation(Report &report, const Operation &operation) {
    Sizes sizes = verify(operation, operation.count != 0 ? operation.count : kVerifiedCount);
    int64_t count = operation.count != 0 ? operation.count : calibrate(operation);
    auto time_arrow = [&] { return seconds_of(operation, operation.arrow, count); };
    auto time_ours = [&] { return seconds_of(operation, operation.ours, count); };
    int rounds = std::max(1, report.rounds() / operation.round_share);
    Measurement measured = measure(rounds, time_arrow, time_ours);
    auto show = [&](double seconds) {
        double nanoseconds = seconds * 1e9 / static_cast<double>(count);
        if (operation.bytes == 0) return format("%.1f ns", nanoseconds);
        double rate = static_cast<double>(operation.bytes) / nanoseconds;
        return rate < 1 ? format("%.1f MB/s", rate * 1e3) : format("%.2f GB/s", rate);
    };
    report.print(operation.name, measured, show, operation.goal);
    if (sizes.arrow != 0) report_sizes(report, operation, sizes);
}

// For a profiler: `count` operations of each side and nothing else.
static void execute_once(const Operation &operation, int64_t count) {
    seconds_of(operation, operation.arrow, count);
    seconds_of(operation, operation.ours, count);
}

struct Options {
    std::string filter;
    int rounds = 15;
    int64_t count = 0;
};

static Options parse(int argc, char **argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        std::string argument = argv[i];
        bool takes_number = argument == "--rounds" || argument == "--count";
        int64_t number = takes_number && i + 1 < argc ? std::atoll(argv[++i]) : 0;
        require(takes_number ? number > 0 : argument[0] != '-', "usage: compare [--rounds N] [--count N] [FILTER]");
        if (argument == "--rounds") {
            options.rounds = static_cast<int>(number);
        } else if (argument == "--count") {
            options.count = number;
        } else {
            options.filter = argument;
        }
    }
    return options;
}

static void for_each_operation(const Report &report, const std::function<void(const Operation &)> &action) {
    for (auto &operations : {buffer_operations(), stream_operations(), file_operations(), line_operations(),
                             range_operations(), codec_operations(), block_operations()}) {
        for (const Operation &operation : operations) {
            if (!report.wants(operation.name)) continue;
            try {
                action(operation);
            } catch (const std::exception &error) {
                throw std::runtime_error(operation.name + ": " + error.what());
            }
        }
    }
}

int main(int argc, char **argv) try {
    Options options = parse(argc, argv);
    Report report(options.filter, options.rounds);
    if (options.count != 0) {
        for_each_operation(report, [&](const Operation &operation) { execute_once(operation, options.count); });
        return 0;
    }
    std::printf("Arrow C++ %s (pool %s) and libarrowio %s (pool %s), %d rounds\n\n",
                arrow::GetBuildInfo().version_string.c_str(), arrow::default_memory_pool()->backend_name().c_str(),
                arrowio_version_string(), arrowio_pool_backend_name(arrowio_pool_default()), options.rounds);
    report.print_heading();
    for_each_operation(report, [&](const Operation &operation) { report_operation(report, operation); });
    report_size(report);
    report_load_time(report);
    report.print_summary();
    return 0;
} catch (const std::exception &error) {
    std::fflush(stdout);
    std::fprintf(stderr, "compare: %s\n", error.what());
    return 1;
}
