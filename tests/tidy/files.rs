//! The sources of the workspace, as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path from the top of the workspace, with forward slashes.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// The text without its unit tests, which stand at the end.
    pub fn without_tests(&self) -> &str {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        &self.text[..end]
    }
}

/// The top of the workspace.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is inside").to_owned()
}

/// All files with that ending, in a defined order.
pub fn all(ending: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&top(), ending, &mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!sources.is_empty(), "there are {ending} files");
    sources
}

fn collect(folder: &Path, ending: &str, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace is readable") {
        let path = entry.expect("its entries are, too").path();
        let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, ending, sources);
            }
        } else if name.ends_with(ending) {
            let from_top = path.strip_prefix(top()).expect("it is below the top");
            let text = fs::read_to_string(&path).expect("sources are text");
            sources.push(Source { path: from_top.to_string_lossy().into_owned(), text });
        }
    }
}
