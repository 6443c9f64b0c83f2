//! What the fuzz targets found, again: every input of the corpus.

#[path = "src/lib.rs"]
mod harness;

use arrowio::codec::CODECS;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::{fs, panic};

fn main() {
    let replays = harness::TARGETS.iter().map(|target| Trial::test(target.name, || replay(target.name)));
    let trials = replays.chain([Trial::test("every_codec_has_a_target", every_codec_has_a_target)]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn replay(target: &str) -> Result<(), Failed> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))? {
        let path = entry?.path();
        let input = fs::read(&path)?;
        panic::catch_unwind(|| harness::run(target, &input)).map_err(|_| format!("{} fails", path.display()))?;
        count += 1;
    }
    if count == 0 { Err(format!("{} is empty", corpus.display()).into()) } else { Ok(()) }
}

fn every_codec_has_a_target() -> Result<(), Failed> {
    for codec in &CODECS {
        let has_one = harness::TARGETS.iter().any(|target| target.name == codec.name());
        has_one.then_some(()).ok_or_else(|| format!("there is no target for {}", codec.name()))?;
    }
    Ok(())
}
