//! A test, or word of what it lacks.

use crate::toolchain::{self, Outcome};
use libtest_mimic::{Failed, Trial};

/// A test that runs where all of `tools` are there.
pub fn trial(name: impl Into<String>, tools: &[&str], test: impl FnOnce() -> Outcome + Send + 'static) -> Trial {
    let missing: Vec<&str> = tools.iter().copied().filter(|tool| !toolchain::has(tool)).collect();
    let name = name.into();
    if missing.is_empty() {
        return Trial::test(name, move || test().map_err(Failed::from));
    }
    let lacks = format!("{name} [needs {}]", missing.join(", "));
    if std::env::var("ARROWIO_REQUIRE").is_ok_and(|required| required == "all") {
        return Trial::test(lacks, || Err("what it needs is not here, and ARROWIO_REQUIRE=all".into()));
    }
    Trial::test(lacks, || Ok(())).with_ignored_flag(true)
}
