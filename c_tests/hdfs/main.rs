//! HDFS, with real clusters: each kind of `cluster.rs`, and the C programs of this folder that run beside one.
//!
//! Without Java, Maven or, for one kind, Kerberos, the tests are ignored, as in `c_tests`.

mod cluster;
#[path = "../programs.rs"]
mod programs;
#[path = "../toolchain.rs"]
mod toolchain;
#[path = "../trial.rs"]
mod trial;

use cluster::{Cluster, Kind};
use libtest_mimic::{Arguments, Trial};
use programs::Way;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use toolchain::Outcome;

/// The programs that run beside a cluster which nothing happens to.
const PROGRAMS: [(&str, &[Way]); 3] = [
    ("files.c", &[Way::Shared, Way::Sanitized]),
    ("tree.c", &[Way::Shared, Way::Sanitized]),
    ("streams.c", &[Way::Shared]),
];

fn main() -> ExitCode {
    let mut trials: Vec<Trial> = Vec::new();
    for kind in Kind::ALL {
        trials.push(with(kind, "round trip", round_trip));
        trials.push(with(kind, "cluster.c", |cluster| cluster.run_program("cluster.c", Way::Shared, &[])));
    }
    for (program, ways) in PROGRAMS {
        for way in ways {
            let name = format!("{program}/{}", way.name());
            trials.push(with(Kind::Single, &name, move |cluster| cluster.run_program(program, *way, &[])));
        }
    }
    trials.push(with(Kind::Single, "behaviour.c", behaviour));
    trials.push(with(Kind::Ha, "files.c", |cluster| cluster.run_program("files.c", Way::Shared, &[])));
    trials.push(with(Kind::Kerberos, "streams.c", streams_encrypted));
    trials.push(with(Kind::Single, "example that copies", example_that_copies));
    trials.push(with(Kind::Single, "a DataNode dies", a_data_node_dies));
    trials.push(with(Kind::Single, "a DataNode stands still", a_data_node_stands_still));
    trials.push(with(Kind::Single, "a replica is damaged", a_replica_is_damaged));
    trials.push(with(Kind::Single, "safe mode", safe_mode));
    trials.push(with(Kind::Single, "quota", quota));
    trials.push(with(Kind::Single, "the tree", the_tree));
    trials.push(with(Kind::Single, "the NameNode ends", the_name_node_ends));
    trials.push(with(Kind::Ha, "fail-over", fail_over));
    trials.push(with(Kind::Kerberos, "tickets", tickets));
    trials.push(with(Kind::Single, "resilience.c", |cluster| cluster.run_program("resilience.c", Way::Shared, &[])));
    trials.push(with(Kind::Ha, "failover.c", |cluster| cluster.run_program("failover.c", Way::Shared, &[])));
    trials.push(with(Kind::Ha, "silence.c", |cluster| cluster.run_program("silence.c", Way::Shared, &[])));
    for kind in Kind::KERBEROS {
        trials.push(with(kind, "kerberos.c", |cluster| cluster.run_program("kerberos.c", Way::Shared, &[])));
    }
    let outcome = libtest_mimic::run(&Arguments::from_args(), trials);
    cluster::stop_shared();
    outcome.exit_code()
}

fn with(kind: Kind, name: &str, test: impl FnOnce(&mut Cluster) -> Outcome + Send + 'static) -> Trial {
    trial::trial(format!("{}/{name}", kind.name()), kind.tools(), move || kind.with(test))
}

fn check(right: bool, message: impl FnOnce() -> String) -> Outcome {
    if right { Ok(()) } else { Err(message()) }
}

/// The command fails, with this in its answer.
fn fails(cluster: &mut Cluster, command: &str, part: &str) -> Outcome {
    match cluster.command(command) {
        Err(error) if error.contains(part) => Ok(()),
        other => Err(format!("{command} gave {other:?}, not {part}")),
    }
}

/// The command succeeds, with this in its answer.
fn answers(cluster: &mut Cluster, command: &str, part: &str) -> Outcome {
    let answer = cluster.command(command)?;
    check(answer.contains(part), || format!("{command} gave {answer}, not {part}"))
}

/// What all files do, with those of a cluster; with the shorter amounts, for each step goes to three disks.
fn behaviour(cluster: &mut Cluster) -> Outcome {
    cluster.run_program("../behaviour.c", Way::Shared, &[("ARROWIO_TEST_SLOW", "1")])
}

/// Everything by tickets and encrypted; with the shorter amounts, for that takes the processor's time.
fn streams_encrypted(cluster: &mut Cluster) -> Outcome {
    cluster.run_program("streams.c", Way::Shared, &[("ARROWIO_TEST_SLOW", "1")])
}

fn round_trip(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/file 3000000 7 1048576 2")?;
    let digest = cluster.command("check /tmp/file 3000000 7")?;
    answers(cluster, "digest /tmp/file", &format!("3000000 {digest}"))?;
    answers(cluster, "stat /tmp/file", "type=file size=3000000 replication=2 blocksize=1048576 permission=644")?;
    fails(cluster, "check /tmp/file 3000000 8", "another byte at 0")?;
    fails(cluster, "check /tmp/file 3000001 7", "has 3000000 bytes")?;
    cluster.command("append /tmp/file 123 7")?;
    cluster.command("check /tmp/file 3000123 7")?;
    answers(cluster, "open-files", "0")?;
    cluster.command("remove /tmp/file").map(|_| ())
}

/// From the cluster to this machine and back, to a folder that is not there yet.
fn example_that_copies(cluster: &mut Cluster) -> Outcome {
    let folder = toolchain::scratch("hdfs-copy")?.canonicalize().map_err(|error| error.to_string())?;
    let program = folder.join("copy");
    let mut compiler = toolchain::compiler(false)?;
    compiler.args(["-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]);
    compiler.arg(toolchain::root().join("include")).arg("-o").arg(&program);
    compiler.arg(toolchain::root().join("examples/copy/copy.c"));
    toolchain::link_shared(&mut compiler, toolchain::library()?);
    toolchain::run(&mut compiler)?;

    let copy = |cluster: &Cluster, from: &str, to: &str| {
        toolchain::run(Command::new(&program).envs(cluster.environment()).args([from, to])).map(drop)
    };
    let there = |cluster: &Cluster, path: &str| -> Result<String, String> {
        let environment = cluster.environment();
        let uri = environment.iter().find(|(name, _)| *name == "ARROWIO_HDFS_URI");
        let uri = uri.ok_or("the cluster has no URI")?.1.to_string_lossy();
        Ok(format!("{}{path}", uri.trim_end_matches('/')))
    };
    let here = format!("file://{}/copied", folder.display());
    cluster.command("write /tmp/to-copy 5000000 7 1048576 2")?;
    copy(cluster, &there(cluster, "/tmp/to-copy")?, &here)?;
    copy(cluster, &here, &there(cluster, "/tmp/copied/here")?)?;
    cluster.command("check /tmp/copied/here 5000000 7")?;
    answers(cluster, "list /tmp/copied", "1 here")?;
    match copy(cluster, &there(cluster, "/tmp/missing")?, &here) {
        Err(message) if message.contains("/tmp/missing") => Ok(()),
        other => Err(format!("copying what is missing gave {other:?}")),
    }
}

/// The DataNodes with the first block of a file.
fn locations(cluster: &mut Cluster, path: &str) -> Result<Vec<usize>, String> {
    let answer = cluster.command(&format!("locations {path}"))?;
    answer.split_whitespace().map(|number| number.parse().map_err(|_| answer.clone())).collect()
}

fn a_data_node_dies(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/dies 1000000 1")?;
    let first = locations(cluster, "/tmp/dies")?[0];
    cluster.command(&format!("stop-datanode {first}"))?;
    fails(cluster, &format!("stop-datanode {first}"), "stopped already")?;
    cluster.command("check /tmp/dies 1000000 1")?;
    cluster.command("write /tmp/with-two 1000000 2")?;
    cluster.command(&format!("start-datanode {first}"))?;
    cluster.command("check /tmp/with-two 1000000 2")?;
    cluster.command("write /tmp/with-three 1000000 3")?;
    cluster.command("check /tmp/with-three 1000000 3").map(|_| ())
}

/// Hadoop's client waits for it, and gives up.
fn a_data_node_stands_still(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/still 1000000 1 1048576 1")?;
    let only = locations(cluster, "/tmp/still")?[0];
    cluster.command(&format!("freeze {only}"))?;
    let begin = Instant::now();
    // Its other blocks would be read from the others.
    let read = cluster.command("check /tmp/still 1000000 1");
    check(read.is_err() && begin.elapsed() > Duration::from_secs(4), || format!("{read:?} in {:?}", begin.elapsed()))?;
    cluster.command(&format!("thaw {only}"))?;
    cluster.command("check /tmp/still 1000000 1").map(|_| ())
}

fn a_replica_is_damaged(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/damaged 100000 1 1048576 1")?;
    cluster.command("write /tmp/mended 100000 1 1048576 3")?;
    cluster.command("corrupt /tmp/damaged")?;
    cluster.command("corrupt /tmp/mended")?;
    fails(cluster, "check /tmp/damaged 100000 1", "hecksum")?;
    cluster.command("check /tmp/mended 100000 1").map(|_| ())
}

fn safe_mode(cluster: &mut Cluster) -> Outcome {
    cluster.command("safemode on")?;
    fails(cluster, "write /tmp/safe 1 1", "SafeModeException")?;
    cluster.command("safemode off")?;
    cluster.command("write /tmp/safe 1 1").map(|_| ())
}

fn quota(cluster: &mut Cluster) -> Outcome {
    cluster.command("mkdir /quota 777")?;
    cluster.command("quota /quota 1000000")?;
    fails(cluster, "write /quota/file 1000000 1", "DSQuotaExceededException")?;
    cluster.command("quota /quota clear")?;
    cluster.command("write /quota/file 1000000 1").map(|_| ())
}

fn the_tree(cluster: &mut Cluster) -> Outcome {
    cluster.command("mkdir /tree 700")?;
    cluster.command("write /tree/b 10 1")?;
    cluster.command("write /tree/a 10 1")?;
    answers(cluster, "list /tree", "2 a b")?;
    cluster.command("chown /tree alice")?;
    cluster.command("chmod /tree 750")?;
    answers(cluster, "stat /tree", "permission=750 owner=alice")?;
    cluster.command("rename /tree /renamed")?;
    cluster.command("remove /renamed")?;
    fails(cluster, "stat /renamed", "FileNotFoundException")?;
    fails(cluster, "dance", "unknown command")
}

fn the_name_node_ends(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/stays 1000 1")?;
    cluster.command("stop-namenode")?;
    fails(cluster, "active", "no NameNode is active")?;
    cluster.command("start-namenode")?;
    cluster.command("check /tmp/stays 1000 1").map(|_| ())
}

fn fail_over(cluster: &mut Cluster) -> Outcome {
    cluster.command("write /tmp/file 1000000 1")?;
    let former = cluster.command("active")?;
    let next = cluster.command("failover")?;
    check(former != next, || format!("{former} stayed active"))?;
    cluster.command("check /tmp/file 1000000 1")?;
    let last = cluster.command("failover abrupt")?;
    check(last == former, || format!("{next} stayed active"))?;
    cluster.command("check /tmp/file 1000000 1")?;
    fails(cluster, "failover", "is stopped")?;
    cluster.command("start-namenode")?;
    cluster.command("failover")?;
    cluster.command("check /tmp/file 1000000 1").map(|_| ())
}

fn tickets(cluster: &mut Cluster) -> Outcome {
    cluster.kinit("stranger")?;
    let nobody = cluster.kinit("nobody");
    check(nobody.is_err(), || "nobody has tickets".into())?;
    for user in ["client", "stranger"] {
        let mut kvno = Command::new("kvno");
        kvno.envs(cluster.environment()).env("KRB5CCNAME", cluster.tickets(user));
        let said = toolchain::run(kvno.arg("hdfs/localhost"))?.stdout;
        check(!said.is_empty(), || format!("{user} has no ticket for the NameNode"))?;
    }
    Ok(())
}
