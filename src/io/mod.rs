//! Files and streams. Every class is one file here and implements `Stream`; `File` gives all of them one behaviour.

mod asynchronous;
mod buffer_output_stream;
mod buffer_reader;
mod buffered_output_stream;
mod cache_entries;
mod capabilities;
mod coalesce;
mod compressed;
mod exclusive;
mod file;
mod fixed_size_buffer_writer;
mod hints;
mod lookahead;
mod memory_cursor;
mod memory_map;
mod open;
mod os_file;
mod position;
mod range_cache;
mod read_ahead;
mod read_many;
mod state;
mod stream;

#[cfg(test)]
mod tests;

pub use capabilities::Capabilities;
pub use coalesce::{Nearness, Range};
pub use compressed::{compressed_input_stream, compressed_output_stream};
pub use file::File;
pub use memory_map::{MapMode, memory_map, memory_map_create};
pub use open::{Compression, StreamOptions, input_stream, input_stream_from_buffer, output_stream};
pub use os_file::{Mode, OsFileOptions, os_file, os_file_from_fd};
pub use range_cache::{RangeCacheOptions, range_cache};
pub use read_ahead::{ReadAheadOptions, read_ahead};
pub use read_many::ReadManyOptions;
pub use stream::Whence;

pub use buffer_output_stream::buffer_output_stream;
pub use buffer_reader::buffer_reader;
pub use fixed_size_buffer_writer::fixed_size_buffer_writer;
