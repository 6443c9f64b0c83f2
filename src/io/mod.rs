//! Files and streams. Every class is one file here and implements `Stream`; `File` gives all of them one behaviour.

// The classes, each with the function that makes a file of it.
mod buffer_output_stream;
mod buffer_reader;
mod buffered_input_stream;
mod buffered_output_stream;
mod callback_file;
mod checksum_input_stream;
mod checksum_output_stream;
mod compressed_input_stream;
mod compressed_output_stream;
mod filesystem;
mod fixed_size_buffer_writer;
mod memory_map;
mod mock_output_stream;
mod os_file;
mod range_cache;
mod read_ahead;
mod seekable;
mod segment;
mod slow_input;
mod standard_stream;
mod tee_output_stream;
mod temporary;
mod transcoding;
mod transform;

// `File`, and what the classes share.
mod asynchronous;
mod buffered;
mod cache_entries;
mod capabilities;
mod checksum;
mod coalesce;
mod copy;
mod encoding;
mod file;
mod hints;
mod lines;
mod lookahead;
mod mapped_file;
mod memory_cursor;
mod open;
mod os_file_options;
mod output;
mod position;
mod read_many;
mod read_range;
mod replacement;
mod safe_view;
mod state;
mod statistics;
mod stream;
mod system_file;
mod transfer;

#[cfg(test)]
mod buffered_tests;
#[cfg(test)]
mod callback_tests;
#[cfg(test)]
mod tests;

pub use crate::sys::{FileKind, MapMode, Metadata};
pub use buffer_output_stream::buffer_output_stream;
pub use buffer_reader::buffer_reader;
pub use buffered_input_stream::buffered_input_stream;
pub use buffered_output_stream::buffered_output_stream;
pub(crate) use callback_file::{Callback, Host, NOT_GIVEN, callback_file};
pub use capabilities::Capabilities;
pub use checksum::{Checksum, Digest};
pub use checksum_input_stream::checksum_input_stream;
pub use checksum_output_stream::checksum_output_stream;
pub use coalesce::Nearness;
pub use compressed_input_stream::compressed_input_stream;
pub use compressed_output_stream::compressed_output_stream;
pub use copy::{CopyOptions, copy};
pub use file::File;
pub use filesystem::{FileInfo, FileSystem, FileSystemOptions, Listing, OutputOptions};
pub use fixed_size_buffer_writer::fixed_size_buffer_writer;
pub use memory_map::{memory_map, memory_map_create, memory_map_of_fd};
pub use mock_output_stream::mock_output_stream;
pub use open::{
    Compression, MOST_GATHERED, StreamOptions, input_stream, input_stream_from_buffer, input_stream_from_file,
    output_stream, output_stream_from_file,
};
pub use os_file::{os_file, os_file_from_fd};
pub use os_file_options::{Mode, OsFileOptions, check_permissions};
pub use range_cache::{RangeCacheOptions, range_cache};
pub use read_ahead::{ReadAheadOptions, read_ahead};
pub use read_many::ReadManyOptions;
pub use read_range::ReadRange;
pub use seekable::{SeekableOptions, seekable_file};
pub use segment::segment;
pub use slow_input::{Latency, slow_input};
pub use standard_stream::{StandardStream, standard_stream};
pub use statistics::Statistics;
pub use stream::Whence;
pub use tee_output_stream::tee_output_stream;
pub use temporary::temporary_file;
pub use transcoding::{OnMalformed, transcoding_input_stream};
pub(crate) use transform::{Made, Transform, transform_input_stream};
