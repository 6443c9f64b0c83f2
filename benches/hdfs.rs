//! Compares reading and writing of HDFS files with Hadoop's Java client and with the client hdfs-native used directly:
//! `cargo bench --bench hdfs [-- ROUNDS [MIB] [read|write] [disk]]`. Needs Java and Maven; the cluster is that of the tests, on
//! loopback. Its blocks are in memory, so that no disk is measured, unless `disk` says otherwise. There Java's client wins by
//! not waiting for the disk; where it is told to wait at the end of each block, as hdfs-native always does, it is `Java, synced`.

#[path = "../c_tests/hdfs/cluster.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod cluster;
#[path = "../c_tests/programs.rs"]
mod programs;
#[path = "../c_tests/toolchain.rs"]
mod toolchain;

use arrowio::io::{FileSystem, FileSystemOptions, OutputOptions};
use bytes::Bytes;
use cluster::{Cluster, Kind};
use futures::StreamExt;
use hdfs_native::{Client, ClientBuilder, WriteOptions};
use std::env;
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

type Result<T> = std::result::Result<T, String>;

/// What goes in or comes out at once.
const PIECE: usize = 1 << 20;
const SIDES: [&str; 4] = ["libarrowio", "hdfs-native", "Java", "Java, synced"];
/// Where files are in memory.
const MEMORY: &str = "/dev/shm";

fn main() -> Result<()> {
    // Cargo passes --bench to benchmarks, and not when it runs them as tests.
    if !env::args().any(|argument| argument == "--bench") {
        println!("hdfs: nothing to test; cargo bench --bench hdfs runs it");
        return Ok(());
    }
    let mut numbers = env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let (rounds, size) = (numbers.next().unwrap_or(5), numbers.next().unwrap_or(1024) << 20);
    let mut sides = Sides::new(size)?;
    println!("{rounds} rounds of {} MiB; time(other) / time(libarrowio), median (min .. max)", size >> 20);
    if is_asked("read") || !is_asked("write") {
        sides.compare("read", rounds, &[Sides::read, Sides::read_directly, Sides::read_by_java])?;
    }
    if is_asked("write") || !is_asked("read") {
        let works = [Sides::write, Sides::write_directly, Sides::write_by_java, Sides::write_by_java_synced];
        sides.compare("write", rounds, &works)?;
    }
    Ok(())
}

fn is_asked(word: &str) -> bool {
    env::args().any(|argument| argument == word)
}

/// One way of doing the work; gives the seconds that it took.
type Work = fn(&mut Sides) -> Result<f64>;

struct Sides {
    cluster: Cluster,
    filesystem: FileSystem,
    client: Client,
    runtime: Runtime,
    size: usize,
    memory: Vec<u8>,
    room: Box<[MaybeUninit<u8>]>,
}

impl Sides {
    fn new(size: usize) -> Result<Self> {
        let mut cluster = if is_asked("disk") {
            Cluster::start(Kind::Single)?
        } else {
            Cluster::start_in(Path::new(MEMORY), Kind::Single)?
        };
        cluster.command(&format!("write /read {size} 1"))?;
        let uri = CString::new(cluster.field("uri")).map_err(text)?;
        let configuration = Some(cluster.field("conf").to_owned());
        let options = FileSystemOptions { configuration_directory: configuration, ..Default::default() };
        let filesystem = FileSystem::open(&uri, options).map_err(text)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(FileSystemOptions::default_threads())
            .enable_all()
            .build()
            .map_err(text)?;
        let client = ClientBuilder::new()
            .with_url(cluster.field("uri"))
            .with_config_dir(cluster.field("conf"))
            .with_io_runtime(runtime.handle().clone())
            .build()
            .map_err(text)?;
        Ok(Self {
            cluster,
            filesystem,
            client,
            runtime,
            size,
            memory: vec![1; PIECE],
            room: Box::new_uninit_slice(PIECE),
        })
    }

    /// Each side in turn; the first round, in which everything is new, does not count.
    fn compare(&mut self, what: &str, rounds: usize, works: &[Work]) -> Result<()> {
        let mut times = [const { Vec::new() }; SIDES.len()];
        for round in 0..=rounds {
            for turn in 0..works.len() {
                let side = (round + turn) % works.len();
                let seconds = works[side](self)?;
                if round > 0 {
                    times[side].push(seconds);
                }
            }
        }
        let rate = |times: &[f64]| self.size as f64 / median(times) / 1e6;
        println!("{what:6} {:12} {:8.0} MB/s", SIDES[0], rate(&times[0]));
        for side in 1..works.len() {
            let ratios: Vec<f64> = times[side].iter().zip(&times[0]).map(|(other, ours)| other / ours).collect();
            let (least, most) =
                ratios.iter().fold((f64::MAX, 0f64), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
            let (name, rate) = (SIDES[side], rate(&times[side]));
            println!("{what:6} {name:12} {rate:8.0} MB/s  {:.2} ({least:.2} .. {most:.2})", median(&ratios));
        }
        Ok(())
    }

    fn read(&mut self) -> Result<f64> {
        let begin = Instant::now();
        let file = self.filesystem.open_input(c"/read").map_err(text)?;
        let mut done = 0;
        loop {
            match file.read(&mut self.room).map_err(text)? {
                0 => break,
                count => done += count,
            }
        }
        file.close().map_err(text)?;
        self.whole(done, begin)
    }

    fn read_directly(&mut self) -> Result<f64> {
        let begin = Instant::now();
        let memory = &mut self.memory;
        let done = self.runtime.block_on(async {
            let reader = self.client.read("/read").await.map_err(text)?;
            let mut stream = reader.read_range_stream(0, reader.file_length()).boxed();
            let mut done = 0;
            while let Some(bytes) = stream.next().await {
                let bytes = bytes.map_err(text)?;
                let at = done % PIECE;
                let first = bytes.len().min(PIECE - at);
                memory[at..at + first].copy_from_slice(&bytes[..first]);
                memory[..bytes.len() - first].copy_from_slice(&bytes[first..]);
                done += bytes.len();
            }
            Ok::<_, String>(done)
        })?;
        self.whole(done, begin)
    }

    fn read_by_java(&mut self) -> Result<f64> {
        self.by_java("time-read /read".to_owned())
    }

    fn write(&mut self) -> Result<f64> {
        let begin = Instant::now();
        let file = self.filesystem.open_output(c"/written", &OutputOptions::default()).map_err(text)?;
        for _ in 0..self.size / PIECE {
            file.write(&self.memory).map_err(text)?;
        }
        file.close().map_err(text)?;
        self.whole(self.size, begin)
    }

    fn write_directly(&mut self) -> Result<f64> {
        let begin = Instant::now();
        self.runtime.block_on(async {
            let options = WriteOptions::default().overwrite(true);
            let mut writer = self.client.create("/written", options).await.map_err(text)?;
            for _ in 0..self.size / PIECE {
                writer.write_bytes(Bytes::copy_from_slice(&self.memory)).await.map_err(text)?;
            }
            writer.close().await.map_err(text)
        })?;
        self.whole(self.size, begin)
    }

    fn write_by_java(&mut self) -> Result<f64> {
        self.by_java(format!("time-write /written {}", self.size))
    }

    fn write_by_java_synced(&mut self) -> Result<f64> {
        self.by_java(format!("time-write /written {} synced", self.size))
    }

    fn by_java(&mut self, command: String) -> Result<f64> {
        let nanoseconds: f64 = self.cluster.command(&command)?.trim().parse().map_err(text)?;
        Ok(nanoseconds / 1e9)
    }

    fn whole(&self, done: usize, begin: Instant) -> Result<f64> {
        if done == self.size { Ok(begin.elapsed().as_secs_f64()) } else { Err(format!("{done} bytes came")) }
    }
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
