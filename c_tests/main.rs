//! Runs what tests the library from outside: the C header, the exported symbols, C and C++ programs, the installed package.
//!
//! What a test needs beyond Rust and a C compiler is looked for. Where it is missing the test is counted as ignored and says
//! what it lacks; with ARROWIO_REQUIRE=all that is a failure.

mod faults;
mod header;
mod null_matrix;
mod package;
mod programs;
mod toolchain;
mod tools;
mod tour;
mod trial;

use libtest_mimic::Arguments;
use trial::trial;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        trial("header/is current", &[], header::is_current),
        trial("header/documentation is complete", &[], header::documentation_is_complete),
        trial("header/every export is guarded", &[], header::every_export_is_guarded),
        trial("header/exports agree", &["nm"], header::exports_agree),
        trial("header/NULL and limits", &[], null_matrix::run),
    ];
    for compiler in ["gcc", "clang"] {
        trials.push(trial(format!("header/compiles by {compiler}"), &[compiler], move || {
            header::compiles_everywhere(compiler)
        }));
    }
    trials.push(trial("filesystem.c/without HDFS", &["nm"], programs::run_without_hdfs));
    trials.extend(package::trials().into_iter().map(|(name, tools, test)| trial(name, tools, test)));
    trials.extend(tour::trials().into_iter().map(|(name, tools, test)| trial(name, tools, test)));
    trials.extend(faults::trials().into_iter().map(|(name, tools, test)| trial(name, tools, test)));
    trials.extend(tools::trials().into_iter().map(|(name, test)| trial(name, &["python3", "bash"], test)));
    for source in programs::sources() {
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for way in programs::Way::ALL {
            let source = source.clone();
            trials.push(trial(format!("{name}/{}", way.name()), way.tools(), move || programs::run(&source, way)));
        }
    }
    for source in programs::scripts() {
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        trials.push(trial(name, &["python3"], move || programs::run_script(&source)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
