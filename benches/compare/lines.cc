// Lines of a text file. Arrow C++ has no call for them: what stands on its side is getline(3), as C programs read lines.
#include <cstdio>
#include <cstdlib>

#include "sides.h"

namespace {

// All lines of the file in one operation.
void getline_each(Run &run) {
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(text_path().c_str(), "rb"), std::fclose);
    char *line = nullptr;
    size_t capacity = 0;
    run.start();
    for (ssize_t size; (size = getline(&line, &capacity, file.get())) > 0;) {
        keep(line);
        run.use([&] { return bytes(line, size); });
    }
    run.stop();
    std::free(line);
}

OurFile our_text() {
    arrowio_file *file;
    arrowio_error *error;
    check(arrowio_os_file_open(text_path().c_str(), ARROWIO_MODE_READ, nullptr, &file, &error), error);
    return OurFile(file);
}

OurFile our_text_map() {
    arrowio_file *map;
    arrowio_error *error;
    check(arrowio_memory_map_open(text_path().c_str(), ARROWIO_MODE_READ, 0, -1, &map, &error), error);
    return OurFile(map);
}

template <OurFile (*open)()>
void our_each(Run &run) {
    OurFile file = open();
    arrowio_error *error;
    const uint8_t *line;
    int64_t size;
    run.start();
    for (;;) {
        check(arrowio_file_read_line(file.get(), &line, &size, &error), error);
        if (size == 0) break;
        keep(line);
        run.use([&] { return bytes(line, size); });
    }
    run.stop();
}

template <OurFile (*open)()>
void our_batches(Run &run) {
    constexpr int64_t kMost = 1024;
    OurFile file = open();
    arrowio_error *error;
    static int64_t offsets[kMost + 1];
    run.start();
    for (;;) {
        arrowio_buffer *lines;
        int64_t count;
        check(arrowio_file_read_lines(file.get(), kMost, &lines, offsets, &count, &error), error);
        const uint8_t *data = arrowio_buffer_data(lines);
        for (int64_t i = 0; i < count; i++) {
            keep(data + offsets[i]);
            run.use([&] { return bytes(data + offsets[i], offsets[i + 1] - offsets[i]); });
        }
        arrowio_buffer_release(lines);
        if (count == 0) break;
    }
    run.stop();
}

}  // namespace

std::vector<Operation> line_operations() {
    return {
        {"getline and read_line", getline_each, our_each<our_text>, 1.1, kTextSize, 1},
        {"getline and read_lines", getline_each, our_batches<our_text>, 1.25, kTextSize, 1},
        {"getline and read_line of a map", getline_each, our_each<our_text_map>, 2, kTextSize, 1},
        {"getline and read_lines of a map", getline_each, our_batches<our_text_map>, 2, kTextSize, 1},
    };
}
