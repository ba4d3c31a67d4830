//! Rules that a compiler does not know: who may import whom, and what every file owes its
//! reader. Each rule is a function from sources to complaints, so that a planted offence can show
//! that it bites.

mod files;
mod imports;
mod prose;
