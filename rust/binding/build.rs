//! What `build_info()` tells, fixed when the library is compiled.

use std::{env, fs, path::PathBuf};

fn main() {
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=SEAWALL_TARGET={target}");
    println!("cargo:rustc-env=SEAWALL_ABI={}", abi());
    println!("cargo:rustc-env=SEAWALL_PYO3={}", locked_pyo3());
}

/// The binary interface that was really built: where there is no stable one, what
/// was asked for gives way to the interpreter's own.
fn abi() -> String {
    let abi = pyo3_build_config::get().target_abi();
    let version = format!("{}{}", abi.version().major, abi.version().minor);
    match abi.kind().to_string().as_str() {
        "gil_enabled" => format!("cp{version}"),
        "free_threaded" => format!("cp{version}t"),
        stable => format!("{stable}-py{version}"),
    }
}

/// `PyO3` does not tell its version to those who use it; the lock file does.
fn locked_pyo3() -> String {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let lock = PathBuf::from(manifest).join("../../Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock).unwrap_or_default();
    let version = text
        .lines()
        .skip_while(|line| *line != r#"name = "pyo3""#)
        .find_map(|line| line.strip_prefix(r#"version = ""#));
    version
        .map_or("unknown", |rest| rest.trim_end_matches('"'))
        .to_owned()
}
