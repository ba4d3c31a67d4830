//! The shell commands of the documents, pasted into a shell in an empty folder.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use throng_harness::binary::program;

/// What stands between the fences of a shell.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let block = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(block.map(|line| format!("{line}\n")).collect());
        }
    }
    blocks
}

/// Pastes the blocks one after the other. Gives what they print, and fails where one does.
fn paste(blocks: &[String], folder: &Path) -> String {
    let own = program().parent().expect("a binary is in a folder").as_os_str().to_owned();
    let rest = env::var_os("PATH").unwrap_or_default();
    let path = [own, rest].join(&OsString::from(":"));
    let mut printed = String::new();
    for block in blocks {
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", block]).current_dir(folder).env("PATH", &path);
        let output = shell.output().expect("there is a shell");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{errors}");
        printed += &String::from_utf8_lossy(&output.stdout);
    }
    printed
}

#[test]
fn the_commands_of_the_page_on_security_work_when_pasted() {
    let name = format!("throng-pages-{}", std::process::id());
    let folder = env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("there is a place for temporary files");
    let blocks = blocks(include_str!("../../docs/security.md"));
    assert_eq!(blocks.len(), 2, "{blocks:?}");
    let printed = paste(&blocks, &folder);
    let checked = fs::read_to_string(folder.join("checked.toml")).expect("it was written");
    fs::remove_dir_all(&folder).expect("it is ours");
    assert!(checked.contains("[[app.token_keys]]"), "{checked}");
    assert!(printed.contains("ann") && printed.contains("phone"), "{printed}");
}
