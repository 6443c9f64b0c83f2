#include "footprint.h"

#include <dlfcn.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>

#include "sides.h"

namespace fs = std::filesystem;

// The program stands beside what the driver made for it.
static fs::path beside_program(const char *name) { return fs::canonical("/proc/self/exe").parent_path() / name; }

// The file of the library that a function of it was loaded from.
static fs::path library_of(const void *function) {
    Dl_info info;
    require(dladdr(function, &info) != 0, "a function of no library");
    return fs::canonical(info.dli_fname);
}

void report_size(Report &report) {
    const char *name = "size of the stripped library";
    if (!report.wants(name)) return;
    double arrow = static_cast<double>(fs::file_size(beside_program("stripped/libarrow.so")));
    double ours = static_cast<double>(fs::file_size(beside_program("stripped/libarrowio.so")));
    report.print(name, format("%.2f MB", arrow / 1e6), format("%.2f MB", ours / 1e6), "", "< 3 MB", ours < 3e6);
}

// Seconds that a fresh process takes to load the library and to call the function once.
static double load_seconds(const fs::path &library, const char *function) {
    std::string command = beside_program("load").string() + "' '" + library.string() + "' " + function;
    FILE *child = popen(("'" + command).c_str(), "r");
    require(child != nullptr, "cannot start a process");
    double nanoseconds = 0;
    int fields = std::fscanf(child, "%lf", &nanoseconds);
    int status = pclose(child);
    require(fields == 1 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the loading process failed");
    return nanoseconds * 1e-9;
}

void report_load_time(Report &report) {
    const char *name = "dlopen + first call";
    if (!report.wants(name)) return;
    fs::path arrow = library_of(reinterpret_cast<const void *>(&arrow::default_memory_pool));
    fs::path ours = library_of(reinterpret_cast<const void *>(&arrowio_pool_default));
    auto load_arrow = [&] { return load_seconds(arrow, "_ZN5arrow19default_memory_poolEv"); };
    auto load_ours = [&] { return load_seconds(ours, "arrowio_pool_default"); };
    load_arrow();
    load_ours();
    Measurement measured = measure(report.rounds(), load_arrow, load_ours);
    report.print(name, measured, [](double seconds) { return format("%.2f ms", seconds * 1e3); }, 0);
}
