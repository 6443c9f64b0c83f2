//! Gives the shared library its SONAME and keeps it loaded until the process ends.

fn main() {
    // Before 1.0 every minor version may change the ABI, so it is part of the SONAME.
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    let minor = env!("CARGO_PKG_VERSION_MINOR");
    let soname = if major == "0" { format!("libarrowio.so.0.{minor}") } else { format!("libarrowio.so.{major}") };
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
    // Unloading code that other threads may still be returning through cannot be made safe.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
}
