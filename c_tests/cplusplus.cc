// The C header from C++17: handles in unique_ptr, callbacks from lambdas, every type, a round trip.
#include "test.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T *handle) const {
    release(handle);
  }
};

using Pool = std::unique_ptr<arrowio_pool, Release<arrowio_pool_release>>;
using Buffer = std::unique_ptr<arrowio_buffer, Release<arrowio_buffer_release>>;
using File = std::unique_ptr<arrowio_file, Release<arrowio_file_release>>;
using Error = std::unique_ptr<arrowio_error, Release<arrowio_error_release>>;

// An owner costs no more than the handle.
static_assert(sizeof(Pool) == sizeof(void *) && sizeof(Buffer) == sizeof(void *) && sizeof(File) == sizeof(void *));

std::string folder;

// The one way from an out parameter to an owner: make<Buffer>(arrowio_buffer_allocate, pool.get(), 100).
template <typename Owner, typename Function, typename... Arguments>
Owner make(Function function, Arguments... arguments) {
  typename Owner::pointer handle = nullptr;
  OK(function(arguments..., &handle, &error));
  return Owner(handle);
}

Buffer slice(const Buffer &buffer, int64_t offset, int64_t size) {
  return make<Buffer>(arrowio_buffer_slice, buffer.get(), offset, size);
}

std::string text(const Buffer &buffer) {
  return std::string(reinterpret_cast<const char *>(arrowio_buffer_data(buffer.get())),
                     static_cast<size_t>(arrowio_buffer_size(buffer.get())));
}

TEST(types) {
  static_assert(std::is_same_v<arrowio_status, int32_t>);
  static_assert(std::is_same_v<arrowio_mode, uint32_t> && std::is_same_v<arrowio_whence, uint32_t>);
  static_assert(std::is_same_v<arrowio_codec, uint32_t> && std::is_same_v<arrowio_pool_event_kind, uint32_t>);
  static_assert(std::is_same_v<arrowio_free_fn, void (*)(void *)>);
  static_assert(std::is_same_v<arrowio_warning_fn, void (*)(void *, const char *)>);
  static_assert(std::is_same_v<arrowio_pool_log_fn, void (*)(void *, const arrowio_pool_event *)>);
  static_assert(std::is_standard_layout_v<arrowio_pool_callbacks> && std::is_trivial_v<arrowio_pool_callbacks>);
  static_assert(std::is_standard_layout_v<arrowio_pool_event> && std::is_trivial_v<arrowio_pool_event>);
  static_assert(std::is_standard_layout_v<arrowio_os_file_options> && std::is_trivial_v<arrowio_os_file_options>);
  static_assert(std::is_standard_layout_v<arrowio_stream_options> && std::is_trivial_v<arrowio_stream_options>);
  static_assert(std::is_standard_layout_v<arrowio_compression_options>);
  static_assert(std::is_standard_layout_v<arrowio_decompression_options>);
  // The constants do for switch labels and template arguments.
  static_assert(std::integral_constant<arrowio_status, ARROWIO_INVALID>::value == 4);
  switch (arrowio_pool_set_default(nullptr, nullptr)) {
    case ARROWIO_INVALID: break;
    default: CHECK(!"set_default(NULL) is INVALID");
  }
}

TEST(functions_are_linked_as_c) {
  arrowio_status (*open)(const char *, arrowio_pool **, arrowio_error **) = arrowio_pool_open;
  CHECK_INT(ARROWIO_INVALID, open(nullptr, nullptr, nullptr));
  CHECK_INT(ARROWIO_VERSION_NUMBER, arrowio_version_number());
}

TEST(owners) {
  Pool pool = make<Pool>(arrowio_pool_new_proxy, arrowio_pool_default());
  {
    Buffer buffer = make<Buffer>(arrowio_buffer_allocate_resizable, pool.get(), 1000);
    Buffer part = slice(buffer, 10, 20);
    Buffer moved = std::move(buffer);
    Buffer shared(arrowio_buffer_retain(part.get()));
    part.reset();
    CHECK_INT(20, arrowio_buffer_size(shared.get()));
    CHECK(arrowio_buffer_parent(shared.get()) == moved.get());
    std::vector<Buffer> many;
    for (int64_t i = 0; i < 100; i++) many.push_back(slice(moved, i, 1));
    moved.reset();
    CHECK_INT(1024, arrowio_pool_bytes_allocated(pool.get()));
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool.get()));
}

TEST(errors) {
  arrowio_error *raw = nullptr;
  arrowio_file *file = nullptr;
  CHECK_INT(ARROWIO_IO_ERROR, arrowio_os_file_open("/nonexistent/x", ARROWIO_MODE_READ, nullptr, &file, &raw));
  Error failure(raw);
  const std::string message = arrowio_error_message(failure.get());
  CHECK(file == nullptr && message.find("'/nonexistent/x'") != std::string::npos);
  CHECK_INT(ARROWIO_IO_ERROR, arrowio_error_status(failure.get()));
}

// A string that the library frees when nobody needs it any more.
TEST(memory_of_a_string) {
  static int destroyed;
  struct Owned {
    std::string bytes;
    ~Owned() { destroyed++; }
  };
  auto owned = std::make_unique<Owned>(Owned{std::string(1000, 'x')});
  destroyed = 0;
  arrowio_buffer *raw = nullptr;
  OK(arrowio_buffer_wrap(
      owned->bytes.data(), static_cast<int64_t>(owned->bytes.size()), owned.get(),
      [](void *user_data) { delete static_cast<Owned *>(user_data); }, &raw, &error));
  owned.release();
  Buffer buffer(raw);
  Buffer part = slice(buffer, 990, 10);
  buffer.reset();
  CHECK(destroyed == 0 && text(part) == "xxxxxxxxxx");
  part.reset();
  CHECK_INT(1, destroyed);
}

TEST(callbacks_from_lambdas) {
  struct Counts {
    int64_t live = 0;
    int freed = 0;
    int events = 0;
  } counts;
  arrowio_pool_callbacks callbacks = {};
  callbacks.struct_size = sizeof callbacks;
  callbacks.allocate = [](void *user_data, int64_t size, int64_t alignment) -> uint8_t * {
    static_cast<Counts *>(user_data)->live += size;
    return static_cast<uint8_t *>(::operator new(static_cast<size_t>(size), std::align_val_t(alignment)));
  };
  callbacks.free = [](void *user_data, uint8_t *data, int64_t size, int64_t alignment) {
    static_cast<Counts *>(user_data)->live -= size;
    ::operator delete(data, std::align_val_t(alignment));
  };
  callbacks.free_fn = [](void *user_data) { static_cast<Counts *>(user_data)->freed++; };
  {
    Pool pool = make<Pool>(arrowio_pool_new_callbacks, &callbacks, &counts);
    auto log = [](void *user_data, const arrowio_pool_event *) { static_cast<Counts *>(user_data)->events++; };
    Pool logging = make<Pool>(arrowio_pool_new_logging, pool.get(), log, &counts, nullptr);
    Buffer buffer = make<Buffer>(arrowio_buffer_allocate_resizable, logging.get(), 100);
    OK(arrowio_buffer_resize(buffer.get(), 5000, 0, &error));
    CHECK_INT(5056, counts.live);
  }
  CHECK_INT(0, counts.live);
  CHECK(counts.freed == 1 && counts.events == 3);

  std::string warned;
  auto handler = [](void *user_data, const char *message) { static_cast<std::string *>(user_data)->assign(message); };
  OK(arrowio_set_warning_handler(handler, &warned, nullptr, &error));
  File file = make<File>(arrowio_output_stream_open, "/dev/full", nullptr);
  OK(arrowio_file_write(file.get(), "x", 1, &error));
  file.reset();
  OK(arrowio_set_warning_handler(nullptr, nullptr, nullptr, &error));
  CHECK(warned.find("/dev/full") != std::string::npos);
}

TEST(a_round_trip) {
  const std::string path = folder + "/numbers.csv.zst";
  std::string expected;
  {
    File output = make<File>(arrowio_output_stream_open, path.c_str(), nullptr);
    for (int i = 0; i < 10000; i++) {
      const std::string line = std::to_string(i) + "\n";
      expected += line;
      OK(arrowio_file_write(output.get(), line.data(), static_cast<int64_t>(line.size()), &error));
    }
    OK(arrowio_file_close(output.get(), &error));
  }
  arrowio_stream_options options = {};
  options.struct_size = sizeof options;
  File input = make<File>(arrowio_input_stream_open, path.c_str(), &options);
  const uint8_t *line = nullptr;
  int64_t size = 0;
  OK(arrowio_file_read_line(input.get(), &line, &size, &error));
  CHECK(std::string(reinterpret_cast<const char *>(line), static_cast<size_t>(size)) == "0\n");
  Buffer rest = make<Buffer>(arrowio_file_read_all, input.get());
  CHECK("0\n" + text(rest) == expected);
}

}  // namespace

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  RUN(types);
  RUN(functions_are_linked_as_c);
  RUN(owners);
  RUN(errors);
  RUN(memory_of_a_string);
  RUN(callbacks_from_lambdas);
  RUN(a_round_trip);
  return finish();
}
